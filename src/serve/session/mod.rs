//! Signing in and out of the page. A token, or a code that is valid once, begins a session; a cookie carries its id.
//!
//! Only POST and DELETE change something, and only if the page that asks is this server's. The writer makes each change.

mod body;

use std::pin::Pin;

use hyper::header::{CACHE_CONTROL, CONNECTION, HeaderValue, LOCATION, SET_COOKIE};
use hyper::{Method, StatusCode};
use serde::Serialize;

use super::access::auth::Refusal;
use super::access::{cookie, origin};
use super::answer::{Answer, empty, json};
use super::call::Call;
use super::config::{SESSION_END_PATH, SESSION_PATH};
use super::http::listeners::ListenerKind;
use super::page;
use super::problem;
use super::route::{Handler, Right, Route, RoutePath};
use super::state::State;
use super::tiles::Tiles;
use crate::model::error::Result;
use crate::model::time::to_iso_seconds;
use crate::store::secret::{self, is_code_shaped};
use crate::store::{SessionChange, SessionOwner, SessionProof, TokenDigest};
use body::{Kind, Secret};

static ROUTES: [Route; 4] = [
    route(Method::GET, SESSION_PATH, show, "returns who is signed in, and whose data they read"),
    route(Method::POST, SESSION_PATH, begin, "signs a browser in by a token or a code"),
    route(Method::DELETE, SESSION_PATH, end, "signs a browser out"),
    route(Method::POST, SESSION_END_PATH, end_by_form, "signs a browser out, by the form of a page without script"),
];

/// Each handler looks for the session or the token itself.
const fn route(method: Method, path: &'static str, handler: Handler, description: &'static str) -> Route {
    const LISTENERS: &[ListenerKind] = &[ListenerKind::Everything, ListenerKind::Uploads];
    let path = RoutePath::Fixed(path);
    Route { method, path, listeners: LISTENERS, right: Right::None, handler, description, read: None }
}

/// The routes of sessions.
pub(super) fn routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter()
}

type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

fn show(call: Call<'_>) -> Answering<'_> {
    Box::pin(async move {
        let id = cookie::session_of(call.request.headers()).ok_or(Refusal::NoSession);
        match id.and_then(|id| call.state.authenticator.admit_session(id)) {
            Ok(session) => described(&session, &call.state),
            Err(refusal) => uncached(problem::refused(&refusal)),
        }
    })
}

fn begin(call: Call<'_>) -> Answering<'_> {
    Box::pin(async move {
        let is_form = matches!(body::kind_of(call.request.headers()), Some(Kind::Form));
        if let Err(refused) = check_origin(&call) {
            return uncached(if is_form { page::refused_form("") } else { *refused });
        }
        uncached(match begun(call).await {
            Ok(answer) => answer,
            // Without a script, a browser goes back to the form, which says what is wrong.
            Err(refused) if is_form => match refused.status() {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => leading_to(empty(), "./plain?sign-in=refused"),
                _ => leading_to(empty(), "./plain?sign-in=failed"),
            },
            Err(refused) => *refused,
        })
    })
}

fn end(call: Call<'_>) -> Answering<'_> {
    Box::pin(async move {
        uncached(match ended(&call).await {
            Ok(mut answer) => {
                *answer.status_mut() = StatusCode::NO_CONTENT;
                answer
            }
            Err(refused) => *refused,
        })
    })
}

fn end_by_form(call: Call<'_>) -> Answering<'_> {
    Box::pin(async move {
        uncached(match ended(&call).await {
            // Behind a proxy the page may have a longer path.
            Ok(answer) => leading_to(answer, "../plain"),
            Err(refused) if refused.status() == StatusCode::FORBIDDEN => page::refused_form("../"),
            Err(refused) => *refused,
        })
    })
}

/// Settings that the app on a phone needs.
#[derive(Serialize)]
struct App<'a> {
    /// The public URL, if one is set: else the address of the page reaches the server.
    url: Option<String>,
    path: &'a str,
    /// The header of the token; `Authorization: Bearer` if `None`.
    header: Option<&'a str>,
}

/// Who is signed in.
#[derive(Serialize)]
struct Shown<'a> {
    person: &'a str,
    app: App<'a>,
    /// Whose data they read.
    people: Vec<String>,
    all_people: bool,
    scope: &'static str,
    expires: String,
    label: Option<&'a str>,
    /// Where maps come from.
    tiles: Option<&'a Tiles>,
}

fn described(session: &SessionOwner, state: &State) -> Answer {
    let SessionOwner { owner, label, expires_ms, .. } = session;
    let people = if owner.is_of_all { state.authenticator.people() } else { Ok(vec![owner.person.clone()]) };
    let people = match people {
        Ok(people) => people,
        Err(error) => return uncached(problem::failed(&error)),
    };
    uncached(json(&Shown {
        person: &owner.person,
        app: App {
            url: state.app.public_url.as_ref().map(ToString::to_string),
            path: &state.app.path,
            header: state.app.header.as_deref(),
        },
        people,
        all_people: owner.is_of_all,
        scope: owner.scope.map_or("", |scope| scope.name()),
        expires: to_iso_seconds(*expires_ms),
        label: label.as_deref(),
        tiles: state.tiles.as_ref(),
    }))
}

/// Signs a browser in.
async fn begun(call: Call<'_>) -> Result<Answer, Box<Answer>> {
    let kind = body::kind_of(call.request.headers()).ok_or_else(|| Box::new(problem::unknown_body()))?;
    let state = call.state.clone();
    let bytes = body::read(call.request.body_mut()).await?;
    // Not before: a stranger who sends slowly would keep the others out.
    let Ok(_permit) = state.sign_ins.try_acquire() else { return Err(Box::new(problem::too_many_sign_ins())) };
    let secret = body::secret(kind, &bytes).ok_or_else(|| {
        Box::new(problem::wrong_body("the body needs a `token` or a `code`, and nothing else: {\"token\": \"hs_…\"}"))
    })?;
    let Call { request, client, .. } = call;
    let refuse = |refusal: Refusal| Box::new(problem::not_to_sign_in(&refusal));
    let proof = match secret {
        Secret::Token(token) => {
            let token =
                state.authenticator.admit_sign_in(token.as_bytes(), request.headers(), client).map_err(refuse)?;
            SessionProof::Token(token.ok_or_else(|| refuse(Refusal::Wrong))?)
        }
        Secret::Code(code) => {
            let code = if is_code_shaped(code.as_bytes()) { code } else { String::new() };
            let digest = TokenDigest::of(code.as_bytes());
            state.authenticator.admit_code(&digest, client).map_err(refuse)?;
            SessionProof::Code(digest)
        }
    };
    let id = secret::session().map_err(|error| Box::new(problem::failed(&error)))?;
    let digest = TokenDigest::of(id.as_bytes());
    let former = cookie::session_of(request.headers()).map(TokenDigest::of);
    // Another request may have used the code meanwhile.
    let token = change(SessionChange::Begin { proof, digest, former }, &state).await?;
    let token = token.ok_or_else(|| refuse(Refusal::Wrong))?;
    tracing::info!(peer = %client.address, token_id = token, "a browser has signed in");
    let session = state.authenticator.admit_session(id.as_bytes()).map_err(refuse)?;
    let answer = match kind {
        Kind::Json => described(&session, &state),
        Kind::Form => leading_to(empty(), "./plain"),
    };
    let is_https = state.tls.is_some() || origin::is_https(request.headers());
    Ok(with_cookie(answer, &cookie::set(&id, is_https)))
}

/// Ends the session of a browser, if it has one, and takes its cookie away.
async fn ended(call: &Call<'_>) -> Result<Answer, Box<Answer>> {
    check_origin(call)?;
    let headers = call.request.headers();
    if let Some(id) = cookie::session_of(headers)
        // Strangers make no work for the writer.
        && call.state.authenticator.admit_session(id).is_ok()
    {
        let token = change(SessionChange::End(TokenDigest::of(id)), &call.state).await?;
        tracing::info!(peer = %call.client.address, token_id = token, "a browser has signed out");
    }
    let is_https = call.state.tls.is_some() || origin::is_https(headers);
    Ok(with_cookie(empty(), &cookie::unset(is_https)))
}

/// Has the writer make a change, on another thread, since that waits for the commit.
async fn change(change: SessionChange, state: &State) -> Result<Option<i64>, Box<Answer>> {
    let Ok(permit) = state.session_changes.clone().acquire_owned().await else {
        return Err(Box::new(problem::internal()));
    };
    let writer = state.writer.clone();
    let changing = tokio::task::spawn_blocking(move || {
        let changed = writer.change_session(change);
        drop(permit);
        changed
    });
    match changing.await {
        Ok(changed) => changed.map_err(|error| Box::new(problem::failed(&error))),
        Err(_) => Err(Box::new(problem::internal())),
    }
}

fn check_origin(call: &Call<'_>) -> Result<(), Box<Answer>> {
    let public = call.state.app.public_url.as_ref();
    if origin::is_own(call.request, public) { Ok(()) } else { Err(Box::new(problem::of_another_site())) }
}

fn leading_to(mut answer: Answer, place: &'static str) -> Answer {
    *answer.status_mut() = StatusCode::SEE_OTHER;
    answer.headers_mut().insert(LOCATION, HeaderValue::from_static(place));
    answer
}

fn with_cookie(mut answer: Answer, cookie: &str) -> Answer {
    // Its letters are those of an id.
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        answer.headers_mut().insert(SET_COOKIE, cookie);
    }
    answer
}

/// Keeps an answer out of caches. Strangers get it also, so the connection ends.
fn uncached(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if answer.status() != StatusCode::OK {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}
