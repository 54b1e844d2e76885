//! Pages of HTML without any script: what a build without Node serves, and what a browser without JavaScript gets.
//!
//! They ask the same questions as the API. Without a session a page shows how to sign in and what to type into the app. Addresses
//! are relative, since a proxy may put a prefix before them.

mod data;
mod frame;
mod html;
mod period;
mod series;
mod setup;
mod show;
mod sleep;
mod today;
mod view;
mod workouts;

use std::future::ready;
use std::pin::Pin;
use std::sync::LazyLock;

use hyper::StatusCode;
use hyper::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, ETAG, HeaderName, HeaderValue, REFERRER_POLICY, RETRY_AFTER,
    VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

use crate::chart::PAGE_STYLE;
use crate::model::limits::PLAIN_PAGE_WAIT;
use crate::serve::access::auth::Refusal;
use crate::serve::answer::{Answer, empty, whole};
use crate::serve::api::{Inside, NoAnswer, is_known};
use crate::serve::call::Call;
use crate::serve::page::permits::kept;
use crate::serve::problem;
use crate::serve::route::captured;
use crate::store::now_ms;
use view::{Asked, Content, View};

/// The style of all pages, with that of their charts.
static STYLE: LazyLock<String> = LazyLock::new(|| [include_str!("plain.css"), PAGE_STYLE.as_str()].concat());

/// A digest of the style.
static STYLE_TAG: LazyLock<String> = LazyLock::new(|| format!("\"{}\"", digest(&STYLE)));

/// Nothing runs, and nothing comes from elsewhere. Forms are sent only to this server.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // Without any referrer, a browser sends forms as if they came from nowhere.
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// FNV-1a: enough to have another tag for another text.
fn digest(text: &str) -> String {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:016x}", text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}

type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// Answers with the style.
pub(super) fn style(call: Call<'_>) -> Answering<'_> {
    let headers = call.request.headers();
    let mut answer = if is_known(headers, &STYLE_TAG) {
        let mut answer = empty();
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        answer
    } else {
        whole("text/css; charset=utf-8", STYLE.as_str())
    };
    let headers = answer.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::try_from(STYLE_TAG.as_str()) {
        headers.insert(ETAG, tag);
    }
    Box::pin(ready(answer))
}

/// The pages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Page {
    /// Today, or one type.
    First,
    Sleep,
    Workouts,
    /// One of them.
    One,
    Data,
}

/// Answers with today, or with a type; for strangers with how to sign in.
pub(super) fn first(call: Call<'_>) -> Answering<'_> {
    Box::pin(answer(call, Page::First))
}

/// Answers with nights.
pub(super) fn sleep(call: Call<'_>) -> Answering<'_> {
    Box::pin(answer(call, Page::Sleep))
}

/// Answers with workouts.
pub(super) fn workouts(call: Call<'_>) -> Answering<'_> {
    Box::pin(answer(call, Page::Workouts))
}

/// Answers with one workout.
pub(super) fn workout(call: Call<'_>) -> Answering<'_> {
    Box::pin(answer(call, Page::One))
}

/// Answers with where the data is from.
pub(super) fn data(call: Call<'_>) -> Answering<'_> {
    Box::pin(answer(call, Page::Data))
}

impl Page {
    /// What leads from the page to the top.
    fn root(self) -> &'static str {
        match self {
            Self::First => "",
            Self::Sleep | Self::Workouts | Self::Data => "../",
            Self::One => "../../",
        }
    }
}

async fn answer(call: Call<'_>, page: Page) -> Answer {
    let caller = match call.state.authenticator.admit_to_read(call.request.headers(), call.client) {
        Ok(caller) => caller,
        Err(Refusal::NoTokenToRead | Refusal::NoSession) => {
            let status = if page == Page::First { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
            let wrong = match call.request.uri().query() {
                Some("sign-in=refused") => {
                    Some("This token does not sign in: it is unknown, revoked, expired, or it only sends.")
                }
                Some("sign-in=failed") => Some("Signing in failed. Try again in a moment."),
                _ => None,
            };
            return shown(status, setup::sign_in(&call, page.root(), wrong));
        }
        Err(refusal) => return refused(&call, page, &refusal),
    };
    let Some((share, _made)) = call.state.plain_pages.begin(caller.token(), PLAIN_PAGE_WAIT).await else {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let detail = "Too many pages are under way. Load this one again in a moment.".to_owned();
        return unanswered(page.root(), &NoAnswer { status, detail });
    };
    let inside = Inside { state: &call.state, caller: &caller, peer: call.client.address, route: call.pattern };
    let name =
        captured(call.pattern, call.request.uri().path()).unwrap_or_default().first().map(|name| (*name).to_owned());
    let answer = match viewed(inside, call.request.uri().query().unwrap_or_default(), page, name.as_deref()).await {
        Ok(text) => shown(StatusCode::OK, text),
        Err(no_answer) => unanswered(page.root(), &no_answer),
    };
    kept(answer, share)
}

/// A page that says why there is no other, and if it may be there soon, when to ask again.
fn unanswered(root: &str, no_answer: &NoAnswer) -> Answer {
    let mut answer = shown(no_answer.status, notice(root, "This cannot be shown", &no_answer.detail));
    if no_answer.status == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(problem::retry_after()));
    }
    answer
}

/// The answer to a form that may come from a page of another site. A browser shows it.
pub(in crate::serve) fn refused_form(root: &str) -> Answer {
    shown(StatusCode::FORBIDDEN, notice(root, "This was refused", problem::OF_ANOTHER_SITE))
}

/// Says why a token does not read, or why that is not known.
fn refused(call: &Call<'_>, page: Page, refusal: &Refusal) -> Answer {
    let problem = problem::refused(refusal);
    let wait = problem.headers().get(RETRY_AFTER).cloned();
    let wrong = match refusal {
        Refusal::TooManyAttempts(_) => {
            let seconds = wait.as_ref().and_then(|wait| wait.to_str().ok()).unwrap_or("60");
            format!("Too many requests with a missing or wrong token have come from here. Try again in {seconds} s.")
        }
        Refusal::Failed(_) => "The server could not look the token up. Its log says why.".to_owned(),
        _ => "This token does not read. Sign in with one that does.".to_owned(),
    };
    let mut answer = shown(problem.status(), setup::sign_in(call, page.root(), Some(&wrong)));
    if let Some(wait) = wait {
        answer.headers_mut().insert(RETRY_AFTER, wait);
    }
    answer
}

/// Makes a page of a reader.
async fn viewed(inside: Inside<'_>, query: &str, page: Page, name: Option<&str>) -> Result<String, NoAnswer> {
    let asked = Asked::parse(query).map_err(|parameter| NoAnswer {
        status: StatusCode::BAD_REQUEST,
        detail: format!("`{parameter}` in the address of this page is wrong"),
    })?;
    let own = inside.caller.person.clone().unwrap_or_default();
    let person = asked.person.clone().unwrap_or(own);
    if !inside.may_read(&person) {
        return Err(NoAnswer {
            status: StatusCode::FORBIDDEN,
            detail: "this session reads its person only".to_owned(),
        });
    }
    let today = inside.today(&person).await?;
    let people = inside.json("/api/v1/people", "").await?;
    let people = show::rows(&people, "people").iter().map(|person| show::text(person, "person").to_owned()).collect();
    let view = View { inside, asked, today, now_ms: now_ms(), root: page.root(), people };
    let content: Content = match (page, &view.asked.kind) {
        (Page::First, Some(kind)) => series::content(&view, kind).await?,
        (Page::First, None) => today::content(&view).await?,
        (Page::Sleep, _) => sleep::content(&view).await?,
        (Page::Workouts, _) => workouts::content(&view).await?,
        (Page::One, _) => workouts::one(&view, name.unwrap_or_default()).await?,
        (Page::Data, _) => data::content(&view).await?,
    };
    Ok(frame::page(&view, content))
}

/// A page with a sentence.
fn notice(root: &str, title: &str, detail: &str) -> String {
    frame::document(root, title, |html| {
        html.tag("main", &[("id", "main")], |html| {
            html.line("h1", &[], title);
            html.line("p", &[], detail);
            html.tag("p", &[], |html| html.link(&format!("{root}plain"), "Back to today"));
        });
    })
}

fn shown(status: StatusCode, text: String) -> Answer {
    let mut answer = whole("text/html; charset=utf-8", text);
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.extend(HEADERS);
    headers.insert(VARY, HeaderValue::from_static("cookie"));
    if [StatusCode::OK, StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS].contains(&status) {
        // Strangers get this answer also. Many requests on one connection would make its buffers grow.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_there_soon_says_when() {
        let check = |status: StatusCode, expected: bool| {
            let answer = unanswered("", &NoAnswer { status, detail: "<b>".to_owned() });
            assert_eq!((answer.status(), answer.headers().contains_key(RETRY_AFTER)), (status, expected));
            assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
        };
        check(StatusCode::SERVICE_UNAVAILABLE, true);
        check(StatusCode::NOT_FOUND, false);
    }
}
