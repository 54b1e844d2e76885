//! `kill -9` at any moment: what was answered with 200 is there, and sending again completes the rest.
