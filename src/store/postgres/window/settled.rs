//! The last change up to which nothing is to come. Several transactions at once take numbers, and a later number may be committed
//! before an earlier one.
//!
//! Each of these transactions has an id before it takes a number, for it holds a person's row. So once all transactions have ended
//! that had an id when a number was the last one, no smaller number is to come.

use std::time::Instant;

use futures_util::future::join3;
use tokio_postgres::types::{ToSql, Type};

use crate::model::error::Result;
use crate::model::limits::{SETTLED_POLL, SETTLED_WAIT};
use crate::store::postgres::fault::{away, fault};
use crate::store::postgres::link::Link;

const LAST: &str = "SELECT last_value FROM change_numbers";

/// The next id of a transaction, read after the number.
const NEXT: &str = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint";

/// The first id of a transaction that may still run.
const RUNNING: &str = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

/// Up to which number nothing is to come.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub(super) number: Option<i64>,
    /// A number, and the transactions before this one that have to end first.
    waiting: Option<(i64, i64)>,
}

impl Settled {
    /// Begins a look by running `begin`, in which the number is settled. Waits for transactions under way unless an earlier number is
    /// known: then the follower is only a little late.
    pub(super) fn begin(&mut self, link: &Link, begin: &str, deadline: Instant) -> Result<()> {
        let since = Instant::now();
        loop {
            let (last, next, running) = ask(link, begin, deadline)?;
            if let Some((number, until)) = self.waiting
                && running >= until
            {
                (self.number, self.waiting) = (Some(number), None);
            }
            if running >= next {
                (self.number, self.waiting) = (Some(last), None);
            } else {
                self.waiting.get_or_insert((last, next));
            }
            if self.number.is_some() {
                return Ok(());
            }
            link.run("ROLLBACK")?;
            if since.elapsed() >= SETTLED_WAIT {
                return Err(away("uploads are under way, and none of them ends"));
            }
            link.pause(SETTLED_POLL)?;
        }
    }
}

/// Begins a look. Returns the last number, the next id of a transaction after it, and the first one that runs in the look.
fn ask(link: &Link, begin: &str, deadline: Instant) -> Result<(i64, i64, i64)> {
    let none: [(&(dyn ToSql + Sync), Type); 0] = [];
    let client = link.client();
    let asked = async {
        // All are sent at once, in this order.
        let (last, next, begun) = join3(
            client.query_typed_one(LAST, &none),
            client.query_typed_one(NEXT, &none),
            client.batch_execute(begin),
        )
        .await;
        begun?;
        let running = client.query_typed_one(RUNNING, &none).await?;
        Ok((last?.get(0), next?.get(0), running.get(0)))
    };
    link.wait_until(deadline, asked)?.map_err(|error| fault(&error))
}
