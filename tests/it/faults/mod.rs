//! Faults of the machine, the disk and the clients, provoked with the real program, real sockets and a real SQLite file.

mod clients;
mod descriptors;
pub(crate) mod disk;
mod evidence;
mod files;
mod frames;
mod full;
mod importers;
mod kills;
mod load;
mod locks;
mod names;
mod panic;
mod parser;
mod power;
mod queue;
mod readers;
mod shapes;
mod site;
mod writer;
