//! Reads for other parts of the server: the same paths, parameters and questions, without a request over HTTP.

use std::net::IpAddr;
use std::time::Instant;

use hyper::StatusCode;
use serde_json::Value as Json;

use super::answer::readable;
use super::drawing::Drawing;
use super::encoder::Encoder;
use super::form::Form;
use super::parameters::{Given, Wrong};
use super::paths::routes;
use super::read::{Asked, Unasked};
use super::shares::Share;
use super::stream::{Line, NoPage};
use super::writer::Writer;
use crate::model::limits::{INSIDE_PAGES_MAX, QUESTION_ROWS_DEFAULT, QUESTION_TIME_MAX, QUESTION_WAIT};
use crate::serve::access::auth::Caller;
use crate::serve::route::{RoutePath, captured};
use crate::serve::state::State;
use crate::store::now_ms;
use crate::store::questions::{Field, Part, Progress, Question, Sink, Today, Unanswered, Value};

/// Who asks.
pub(in crate::serve) struct Inside<'a> {
    pub(in crate::serve) state: &'a State,
    pub(in crate::serve) caller: &'a Caller,
    pub(in crate::serve) peer: IpAddr,
    /// The route that needs the answer, for the log.
    pub(in crate::serve) route: &'static str,
}

/// Why there is no answer, in the words of the API.
#[derive(Debug)]
pub(in crate::serve) struct NoAnswer {
    pub(in crate::serve) status: StatusCode,
    pub(in crate::serve) detail: String,
}

impl NoAnswer {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into() }
    }
}

impl From<Wrong> for NoAnswer {
    fn from(wrong: Wrong) -> Self {
        Self::new(StatusCode::BAD_REQUEST, wrong.detail)
    }
}

impl From<Unasked> for NoAnswer {
    fn from(unasked: Unasked) -> Self {
        match unasked {
            Unasked::Wrong(wrong) => wrong.into(),
            Unasked::NotFound(detail) => Self::new(StatusCode::NOT_FOUND, detail),
        }
    }
}

impl From<NoPage> for NoAnswer {
    fn from(no_page: NoPage) -> Self {
        let detail = match &no_page {
            NoPage::Busy(_) => "too many reads at once; ask again in a moment".to_owned(),
            NoPage::Unanswered(Unanswered::Parameter(name, accepts)) => Wrong::of(name, accepts).detail,
            NoPage::Unanswered(Unanswered::NotFound(detail)) => (*detail).to_owned(),
            NoPage::Unanswered(Unanswered::TooLong) => "reading took too long; ask for a shorter time".to_owned(),
            NoPage::Unanswered(Unanswered::Failed(_) | Unanswered::Sql(_)) | NoPage::Panicked => {
                "the server could not read; its log says why".to_owned()
            }
        };
        let status = match no_page {
            NoPage::Unanswered(Unanswered::Parameter(..)) => StatusCode::BAD_REQUEST,
            NoPage::Unanswered(Unanswered::NotFound(_)) => StatusCode::NOT_FOUND,
            NoPage::Busy(_) | NoPage::Unanswered(Unanswered::TooLong) => StatusCode::SERVICE_UNAVAILABLE,
            NoPage::Unanswered(Unanswered::Failed(_) | Unanswered::Sql(_)) | NoPage::Panicked => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        Self::new(status, detail)
    }
}

/// A sink that keeps a whole answer.
trait Collect: Sink + Send + 'static {
    /// A page has ended, and another one follows.
    fn turn_page(&mut self) {}
}

impl Collect for Drawing {}

/// JSON, all pages of it. Pages show nothing of JSON that is stored, of which a row may have megabytes.
struct Whole {
    encoder: Encoder,
    bytes: Vec<u8>,
}

impl Collect for Whole {
    fn turn_page(&mut self) {
        self.bytes.append(&mut self.encoder.take_page());
    }
}

impl Sink for Whole {
    fn begin(&mut self, head: &[Field<'_>]) {
        self.encoder.begin(&fields_shown(head));
    }

    fn list(&mut self, name: &'static str, columns: &[&'static str]) {
        self.encoder.list(name, columns);
    }

    fn row(&mut self, row: &[Value<'_>]) -> bool {
        let row: Vec<Value<'_>> = row.iter().copied().map(shown).collect();
        self.encoder.row(&row)
    }

    fn end(&mut self, tail: &[Field<'_>]) {
        self.encoder.end(&fields_shown(tail));
    }

    fn open(&mut self, name: &'static str, part: Part) {
        self.encoder.open(name, part);
    }

    fn close(&mut self) {
        self.encoder.close();
    }
}

fn shown(value: Value<'_>) -> Value<'_> {
    if matches!(value, Value::Json(_)) { Value::Null } else { value }
}

fn fields_shown<'a>(fields: &[Field<'a>]) -> Vec<Field<'a>> {
    fields.iter().map(|&(name, value)| (name, shown(value))).collect()
}

/// A question with what is needed to ask it.
struct Asking {
    question: Box<dyn Question>,
    tz: Option<String>,
    line: Line,
    permit: Share,
}

impl Inside<'_> {
    /// The answer of a path of the API as JSON, with the parameters of a query.
    pub(in crate::serve) async fn json(&self, path: &str, query: &str) -> Result<Json, NoAnswer> {
        let asking = self.ask(path, query).await?;
        let encoder = Encoder::new(Form::Json, false, asking.tz.as_deref());
        let mut whole = self.read(asking, Whole { encoder, bytes: Vec::new() }).await?;
        whole.encoder.finish();
        whole.turn_page();
        let json = serde_json::from_slice(&whole.bytes);
        json.map_err(|_| NoAnswer::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer is no JSON; report this"))
    }

    /// A chart, with the parameters of its query.
    pub(in crate::serve) async fn drawing(&self, query: &str) -> Result<Drawing, NoAnswer> {
        let asking = self.ask("/chart.svg", query).await?;
        self.read(asking, Drawing::default()).await
    }

    /// Whether the rows of a person may be read.
    pub(in crate::serve) fn may_read(&self, person: &str) -> bool {
        readable(self.caller, Some(person.to_owned())).is_some()
    }

    /// The date of a person's clocks now, and their zone.
    pub(in crate::serve) async fn today(&self, person: &str) -> Result<Today, NoAnswer> {
        let person = person.to_owned();
        let today = self.state.reads.run(self.caller.token(), move |reader| {
            reader.read((now_ms(), QUESTION_TIME_MAX), |snapshot| snapshot.today(&person))
        });
        Ok(today.await?.0)
    }

    /// Makes the question of a path.
    async fn ask(&self, path: &str, query: &str) -> Result<Asking, NoAnswer> {
        let route = routes().find_map(|route| {
            let names = match route.path {
                RoutePath::Fixed(own) => (own == path).then(Vec::new),
                RoutePath::Pattern(pattern) => captured(pattern, path),
                RoutePath::Upload => None,
            };
            route.read.zip(names)
        });
        let (read, names) = route.ok_or_else(|| NoAnswer::new(StatusCode::NOT_FOUND, "there is no such path"))?;
        let mut given = Given::parse(query, read.parameters)?;
        let wanted = given.person.take();
        let is_of_all = self.caller.is_of_all && wanted.is_none();
        let person = readable(self.caller, wanted)
            .ok_or_else(|| NoAnswer::new(StatusCode::FORBIDDEN, "this session reads its person only"))?;
        let names = names.into_iter().map(str::to_owned).collect();
        let (limit, tz) = (given.limit.or(Some(QUESTION_ROWS_DEFAULT)), given.tz.clone());
        let line = Line {
            peer: self.peer,
            token: self.caller.token(),
            person: person.clone(),
            route: self.route,
            began: Instant::now(),
            bytes: 0,
        };
        let permit = self.state.reads.begin(self.caller.token(), QUESTION_WAIT).await;
        let permit = permit.map_err(|full| NoAnswer::from(NoPage::Busy(full)))?;
        let question = (read.ask)(Asked { given, names, person, is_of_all, limit })?;
        Ok(Asking { question, tz, line, permit })
    }

    /// Reads all pages of an answer into a sink. An answer that is too long for a page of HTML has none.
    async fn read<S: Collect>(&self, asking: Asking, mut sink: S) -> Result<S, NoAnswer> {
        let Asking { mut question, line, permit, .. } = asking;
        let read = self.state.reads.run(self.caller.token(), move |reader| {
            for _ in 0..INSIDE_PAGES_MAX {
                if reader.page(question.as_mut(), (now_ms(), QUESTION_TIME_MAX), &mut sink)? == Progress::End {
                    return Ok(sink);
                }
                sink.turn_page();
            }
            Err(Unanswered::TooLong)
        });
        let read = read.await;
        drop(permit);
        match read {
            Ok((sink, _)) => {
                line.log(200, 0, "done");
                Ok(sink)
            }
            Err(no_page) => {
                let no_answer = NoAnswer::from(no_page);
                line.log(no_answer.status.as_u16(), 0, "refused");
                Err(no_answer)
            }
        }
    }
}
