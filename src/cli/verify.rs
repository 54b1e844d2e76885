//! `healthsink verify`: the rings of Apple's export beside the figures that are made of the samples.

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

use super::arguments::{DatabaseArgument, Outcome, parse_name, whose};
use super::print::{FormArgument, Printable, print};
use super::table::{Align, Table};
use crate::model::error::Result;
use crate::model::limits::DIFFERENCES_LISTED_MAX;
use crate::store::{Database, RingReport, now_ms};

#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// Whose days [default: the only person, or `me`]
    #[arg(long, env = "HEALTHSINK_PERSON", value_name = "NAME", value_parser = parse_name)]
    person: Option<String>,
    #[command(flatten)]
    form: FormArgument,
}

impl VerifyArguments {
    pub(super) fn run(self) -> Result<Outcome> {
        let database = Database::new(&self.database.db);
        let rings = database.verify(&whose(self.person, &database), now_ms())?;
        print(&Rings(rings), self.form.form())?;
        Ok(Outcome::Done)
    }
}

/// All rings.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Rings(Vec<RingReport>);

impl Printable for Rings {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.0.iter().all(|ring| ring.days == 0) {
            return writeln!(out, "No rings to compare with: only Apple's export has them.");
        }
        let right = |heading| (heading, Align::Right);
        let mut table = Table::new([("ring", Align::Left), right("days"), right("within 1 %"), right("share")]);
        for ring in self.0.iter().filter(|ring| ring.days > 0) {
            #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
            let share = ring.within as f64 / ring.days as f64 * 100.0;
            table.push([ring.ring, &ring.days.to_string(), &ring.within.to_string(), &format!("{share:.1} %")]);
        }
        table.write(out)?;
        let mut table = Table::new([
            ("day", Align::Left),
            ("", Align::Left),
            right("ring"),
            right("here"),
            ("reason", Align::Left),
        ]);
        let (mut listed, mut all) = (0, 0);
        for ring in &self.0 {
            all += ring.differences.len();
            for difference in ring.differences.iter().take(DIFFERENCES_LISTED_MAX) {
                listed += 1;
                let figure = difference.figure.map_or_else(|| "–".to_owned(), |figure| format!("{figure:.1}"));
                table.push([
                    &difference.day,
                    ring.ring,
                    &format!("{:.1}", difference.ring),
                    &figure,
                    difference.reason,
                ]);
            }
        }
        if listed > 0 {
            writeln!(out)?;
            table.write(out)?;
        }
        if all > listed {
            writeln!(out, "… and {} more; `--json` lists all", all - listed)?;
        }
        Ok(())
    }
}
