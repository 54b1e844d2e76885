//! Answers a read: parameters, rights, form, question, first page. All paths of the API go through here.

use std::pin::Pin;
use std::time::Instant;

use hyper::StatusCode;
use hyper::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH,
    VARY, X_CONTENT_TYPE_OPTIONS,
};

use super::encoder::Encoder;
use super::form::{Form, form_of, forms_of, takes_gzip};
use super::gzip::Gzip;
use super::parameters::{Given, Wrong};
use super::picture::Drawn;
use super::places::{GeoJson, Gpx};
use super::read::{Asked, Read, Shape, Tag, Unasked};
use super::shares::Full;
use super::stream::{Line, NoPage, Work};
use super::writer::Writer;
use crate::chart::Picture;
use crate::model::limits::{FIGURES_POLL, FIGURES_WAIT, QUESTION_ROWS_DEFAULT, QUESTION_TIME_MAX, QUESTION_WAIT};
use crate::serve::access::auth::Caller;
use crate::serve::answer::{Answer, empty};
use crate::serve::call::Call;
use crate::serve::problem;
use crate::serve::route::captured;
use crate::serve::state::State;
use crate::store::now_ms;
use crate::store::questions::Unanswered;

/// Answers a read.
pub(super) fn answer(call: Call<'_>) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
    Box::pin(read_answer(call))
}

/// A request that is understood.
struct Understood {
    read: &'static Read,
    form: Form,
    asked: Asked,
    is_series: bool,
    tz: Option<String>,
    picture: Picture,
    line: Line,
}

async fn read_answer(call: Call<'_>) -> Answer {
    let Understood { read, form, asked, is_series, tz, picture, line } = match understand(&call) {
        Ok(understood) => understood,
        Err(answer) => return *answer,
    };
    let permit = match call.state.reads.begin(call.caller.token(), QUESTION_WAIT).await {
        Ok(permit) => permit,
        Err(Full::OfToken) => return problem::too_many_reads_of_one_token(),
        Err(Full::OfAll) => return problem::too_many_reads(),
    };
    let is_gzip = takes_gzip(call.request.headers());
    let tag = match tag(&call, read, (form, is_gzip), &asked.person).await {
        Ok(tag) => tag,
        Err(fault) => return refused(fault, &line, &call.state),
    };
    if let Some(tag) = &tag
        && is_known(call.request.headers(), tag)
    {
        line.log(304, 0, "known");
        let mut answer = empty();
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        return described(answer, Some(tag), &call.state);
    }
    let question = match (read.ask)(asked) {
        Ok(question) => question,
        Err(Unasked::Wrong(Wrong { parameter, detail })) => return problem::wrong_parameter(&parameter, &detail),
        Err(Unasked::NotFound(detail)) => return problem::nothing_there(detail),
    };
    let writer = writer((form, picture), is_series, tz.as_deref(), is_gzip);
    let work = Work { question, writer, reads: call.state.reads.clone(), line, _answer: permit };
    match work.answer(form.content_type()).await {
        Ok(mut answer) => {
            if is_gzip {
                answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            if form == Form::Svg {
                answer.headers_mut().insert(CONTENT_SECURITY_POLICY, PICTURE_POLICY);
            }
            described(answer, tag.as_deref(), &call.state)
        }
        Err((fault, line)) => refused(fault, &line, &call.state),
    }
}

fn writer((form, picture): (Form, Picture), is_series: bool, tz: Option<&str>, is_gzip: bool) -> Box<dyn Writer> {
    let writer: Box<dyn Writer> = match form {
        Form::GeoJson => Box::<GeoJson>::default(),
        Form::Gpx => Box::<Gpx>::default(),
        Form::Svg => Box::new(Drawn::new(picture)),
        Form::Json | Form::Lines | Form::Csv => Box::new(Encoder::new(form, is_series, tz)),
    };
    if is_gzip { Box::new(Gzip::new(writer)) } else { writer }
}

/// Reads the request. What is wrong with it is an answer.
fn understand(call: &Call<'_>) -> Result<Understood, Box<Answer>> {
    let uri = call.request.uri();
    let read = call.read.ok_or_else(|| Box::new(problem::internal()))?;
    let mut given = Given::parse(uri.query().unwrap_or_default(), read.parameters)
        .map_err(|Wrong { parameter, detail }| Box::new(problem::wrong_parameter(&parameter, &detail)))?;
    let wanted = given.person.take();
    let is_of_all = call.caller.is_of_all && wanted.is_none();
    let person = whose(call, wanted)?;
    let form = form_of(call.request.headers(), read.shape).ok_or_else(|| {
        let forms: Vec<&str> = forms_of(read.shape).iter().map(|form| form.content_type()).collect();
        Box::new(problem::not_acceptable(&format!("this path answers {}", forms.join(", "))))
    })?;
    if given.limit.is_some() && matches!(form, Form::Lines | Form::Csv) {
        let accepts = "left out for CSV and lines of JSON, which have all rows: bound them with `from` and `to`";
        let Wrong { parameter, detail } = Wrong::of("limit", accepts);
        return Err(Box::new(problem::wrong_parameter(&parameter, &detail)));
    }
    let line = Line {
        peer: call.client.address,
        token: call.caller.token(),
        person: person.clone(),
        route: call.pattern,
        began: Instant::now(),
        bytes: 0,
    };
    let names = captured(call.pattern, uri.path()).unwrap_or_default();
    let names = names.into_iter().map(str::to_owned).collect();
    let is_series = read.shape == Shape::Table && given.types.len() > 1;
    let tz = given.tz.clone();
    let limit = given.limit.or((form == Form::Json).then_some(QUESTION_ROWS_DEFAULT));
    let picture = given.picture();
    let asked = Asked { given, names, person, is_of_all, limit };
    Ok(Understood { read, form, asked, is_series, tz, picture, line })
}

/// Whose rows a request reads.
pub(super) fn whose(call: &Call<'_>, wanted: Option<String>) -> Result<String, Box<Answer>> {
    readable(&call.caller, wanted).ok_or_else(|| {
        Box::new(problem::forbidden(
            "this token reads its person only; `healthsink token new --scope read --all-people` makes one for all",
        ))
    })
}

/// Whose rows a caller reads; `None` if it may not. Another person's name is refused alike whether there is one or not.
pub(super) fn readable(caller: &Caller, wanted: Option<String>) -> Option<String> {
    let own = caller.person.clone().unwrap_or_default();
    match wanted {
        None => Some(own),
        Some(wanted) if wanted == own || caller.is_of_all => Some(wanted),
        Some(_) => None,
    }
}

/// The tag of an answer that depends on what is stored; none for others. Waits for figures of an upload that has just ended.
async fn tag(
    call: &Call<'_>,
    read: &Read,
    (form, is_gzip): (Form, bool),
    person: &str,
) -> Result<Option<String>, NoPage> {
    if read.tag == Tag::Never {
        return Ok(None);
    }
    let query = call.request.uri().path_and_query().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let began = Instant::now();
    loop {
        let (person, query) = (person.to_owned(), query.clone());
        let parts = [form.content_type(), if is_gzip { "gzip" } else { "" }];
        let has_uploads = read.tag == Tag::RowsAndUploads;
        let state = call.state.reads.run(call.caller.token(), move |reader| {
            reader.read((now_ms(), QUESTION_TIME_MAX), |snapshot| {
                let uploads = if has_uploads { snapshot.uploads(&person)? } else { String::new() };
                let state = snapshot.state(&person, &[parts[0], parts[1], &query, &uploads])?;
                let is_awaited = state.is_stale && snapshot.has_just_uploaded(&person)?;
                Ok((state, is_awaited))
            })
        });
        let ((state, is_awaited), place) = state.await?;
        drop(place);
        // While an upload runs, its figures are not computed.
        let is_waiting = is_awaited && call.state.intake.under_way() == 0 && began.elapsed() < FIGURES_WAIT;
        if !is_waiting {
            return Ok(Some(format!("W/\"{}\"", state.tag)));
        }
        tokio::time::sleep(FIGURES_POLL).await;
    }
}

/// Whether a client has the answer with a tag. `*` says nothing: what is asked for may not be there.
pub(in crate::serve) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let values = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|known| bare(known) == bare(tag))
}

/// A picture has its style in it, and nothing else: opened by itself, it loads and runs nothing.
const PICTURE_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");

/// Headers of every answer to a read.
const HEADERS: [(HeaderName, HeaderValue); 2] = [
    (CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

fn described(mut answer: Answer, tag: Option<&str>, state: &State) -> Answer {
    for (name, value) in HEADERS {
        answer.headers_mut().insert(name, value);
    }
    let vary = format!("accept, accept-encoding, cookie, {}", state.authenticator.header());
    if let Ok(vary) = HeaderValue::try_from(vary) {
        answer.headers_mut().insert(VARY, vary);
    }
    if let Some(tag) = tag.and_then(|tag| HeaderValue::try_from(tag).ok()) {
        answer.headers_mut().insert(ETAG, tag);
    }
    answer
}

/// The answer to a read that has none.
pub(super) fn refused(fault: NoPage, line: &Line, state: &State) -> Answer {
    let answer = match fault {
        NoPage::Busy(Full::OfToken) => problem::too_many_reads_of_one_token(),
        NoPage::Busy(Full::OfAll) => problem::too_many_reads(),
        NoPage::Unanswered(Unanswered::Parameter(name, accepts)) => {
            let Wrong { parameter, detail } = Wrong::of(name, &accepts);
            problem::wrong_parameter(&parameter, &detail)
        }
        NoPage::Unanswered(Unanswered::NotFound(detail)) => problem::nothing_there(detail),
        NoPage::Unanswered(Unanswered::TooLong) => problem::read_took_too_long(),
        NoPage::Unanswered(Unanswered::Failed(error)) => {
            if let Some(left_out) = state.log_limit.count(line.peer, "read") {
                tracing::error!(peer = %line.peer, route = line.route, %error, left_out, "a read failed");
            }
            problem::failed(&error)
        }
        NoPage::Unanswered(Unanswered::Sql(_)) | NoPage::Panicked => {
            tracing::error!(peer = %line.peer, route = line.route, "a read failed");
            problem::internal()
        }
    };
    line.log(answer.status().as_u16(), 0, "refused");
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_a_client_knows() {
        let check = |sent: &str, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.append(IF_NONE_MATCH, sent.parse().unwrap());
            assert_eq!(is_known(&headers, "W/\"abc\""), expected, "{sent}");
        };
        check("W/\"abc\"", true);
        check("\"x\", \"abc\"", true);
        check("*", false);
        check("\"abcd\"", false);
        check("abc", false);
    }
}
