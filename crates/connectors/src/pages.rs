//! All pages of a list, one after the other, as one call.
//!
//! A page that fails fails the call: it reads, so it can be made again from the start. Each page is asked for within what
//! is left of the call's time and size, and an address that an answer names only where the credentials went before.

use crate::{
    call::{CallError, Exchange},
    invoke::{self, BODY_BYTES_MAX, Invoker, Limits, Reply, Unanswered},
    link,
    pagination::{MORE, Next, Paging},
    redact::Redactor,
    registry::Action,
    request::{self, Wanted},
    template::{Pointer, Response, Scope},
};
use countersign_core::catalogue::{ALL_PAGES, ALL_PAGES_MAX};
use serde_json::{Map, Value, json};
use std::{
    borrow::Cow,
    time::{Duration, Instant},
};
use url::Url;

/// Keeps to the limits of a connection while a call reads page after page.
pub trait Pace: std::fmt::Debug + Send + Sync {
    /// How long to wait with the next request; it counts as a call.
    fn next(&self) -> Duration;
}

/// What an input asks for.
pub(crate) struct Asked<'a> {
    /// What is sent first: without the member that is not the service's.
    pub(crate) input: Cow<'a, Value>,
    /// How all pages are read, where they are asked for.
    pub(crate) pages: Option<Pages<'a>>,
}

/// All pages, at most so many.
#[derive(Clone, Copy)]
pub(crate) struct Pages<'a> {
    paging: &'a Paging,
    at_most: u32,
}

impl<'a> Asked<'a> {
    /// What an input asks for, or why the action does not take it.
    pub(crate) fn of(action: &'a Action, input: &'a Value, redactor: &Redactor<'_>) -> Result<Self, CallError> {
        let asked = action.paging.as_ref().zip(input.get(ALL_PAGES));
        let Some((paging, wanted)) = asked else {
            request::check_input(action, input, redactor)?;
            return Ok(Self { input: Cow::Borrowed(input), pages: None });
        };
        let at_most = whole(wanted).and_then(|number| u32::try_from(number).ok());
        let at_most = at_most.filter(|number| (1..=ALL_PAGES_MAX).contains(number)).ok_or_else(|| {
            let message = format!("/{ALL_PAGES}: must be a whole number from 1 to {ALL_PAGES_MAX}");
            let mut error = CallError::fatal("input_invalid", message.clone());
            error.details = json!([{ "pointer": format!("/{ALL_PAGES}"), "message": message }]);
            error
        })?;
        let mut rest = input.clone();
        if let Value::Object(members) = &mut rest {
            members.remove(ALL_PAGES);
            if let Some(size) = &paging.size {
                members.entry(size.into.as_str()).or_insert_with(|| size.ask.into());
            }
        }
        request::check_input(action, &rest, redactor)?;
        Ok(Self { input: Cow::Owned(rest), pages: Some(Pages { paging, at_most }) })
    }
}

/// Where the next page is.
#[derive(Debug, Clone, PartialEq)]
enum Turn {
    To(Url),
    With(String, Value),
}

/// What a page says of the one after it.
struct After {
    more: bool,
    turn: Option<Turn>,
}

impl Invoker {
    /// The output of all pages, and the first exchange with how many there were.
    pub(crate) async fn pages(
        &self,
        first: Wanted<'_>,
        Pages { paging, at_most }: Pages<'_>,
        timeout: Duration,
        redactor: &mut Redactor<'_>,
    ) -> Result<(Value, Exchange), Unanswered> {
        let until = Instant::now() + timeout;
        let mut input = first.input.clone();
        let mut page = None;
        let mut read = Read::default();
        let mut kept = None;
        // Ends: at most so many.
        loop {
            let number = read.pages + 1;
            let left = || until.saturating_duration_since(Instant::now());
            if let Some(pace) = self.pace.as_ref().filter(|_| number > 1) {
                tokio::time::sleep(pace.next().min(left())).await;
            }
            let wanted = Wanted { input: &input, page: page.as_ref(), ..first };
            let limits = Limits { timeout: left(), body_bytes_max: BODY_BYTES_MAX - read.bytes };
            let answered = self.ask(wanted, limits, redactor).await;
            let (reply, exchange) = answered.map_err(|unanswered| at_page(number, unanswered))?;
            let kept = kept.get_or_insert_with(|| exchange.clone());
            let after = read.take(paging, wanted, reply);
            let after = after.and_then(|after| read.lead_on(after, number == at_most));
            let unread = |error| at_page(number, Unanswered { error, exchange: Some(Box::new(exchange)) });
            match after.map_err(unread)? {
                Some(Turn::To(url)) => page = Some(url),
                Some(Turn::With(name, value)) => set(&mut input, &name, value),
                None => return Ok((read.joined(paging), Exchange { pages: Some(number), ..kept.clone() })),
            }
        }
    }
}

/// What was read so far.
#[derive(Default)]
struct Read {
    pages: u32,
    bytes: usize,
    items: Vec<Value>,
    /// Where the items of the last page begin.
    last_at: usize,
    /// The rest of the last output.
    output: Value,
    more: bool,
    turns: Vec<Turn>,
}

impl Read {
    /// Takes a page in, and tells what it says of the one after it.
    fn take(&mut self, paging: &Paging, wanted: Wanted<'_>, reply: Reply) -> Result<After, CallError> {
        let Reply { url, status, headers, body, body_bytes } = reply;
        self.pages += 1;
        self.bytes += body_bytes;
        if self.turns.is_empty() {
            self.turns.push(Turn::To(url.clone()));
        }
        let (status_value, header_values) = (Value::from(status.as_u16()), invoke::all_headers(&headers));
        let response = Response { status: &status_value, headers: &header_values, body: &body };
        let scope = Scope { response: Some(response), ..Scope::default() };
        let flag = paging.more.as_ref().map(|pointer| pointer.find(&scope).is_some_and(says_yes));
        let found = |pointer: &Pointer| pointer.find(&scope).cloned();
        let told = match &paging.next {
            Next::Link(None) => link::target(&headers, "next").map(Value::from),
            Next::Link(Some(from)) | Next::Cursor { from, .. } => found(from),
            Next::Page { .. } | Next::Offset { .. } => None,
        };
        self.output = invoke::output(wanted, status, &headers, body);
        let items = taken(&mut self.output, &paging.items)?;
        if same_again(&self.items[self.last_at..], &items) {
            return Err(CallError::fatal("page_repeated", "it has the same items as the page before it"));
        }
        self.last_at = self.items.len();
        let empty = items.is_empty();
        self.items.extend(items);
        let turn = match &paging.next {
            Next::Link(_) => told.filter(says_yes).map(|target| address(&url, &target)).transpose()?,
            Next::Cursor { from, into } => {
                let last = Scope { item: self.items.last().filter(|_| !empty), ..Scope::default() };
                let cursor = told.or_else(|| from.find(&last).cloned()).filter(says_yes);
                cursor.map(|cursor| Turn::With(into.clone(), cursor))
            }
            Next::Page { into, first } => {
                let number = wanted.input.get(into).and_then(whole).unwrap_or(*first) + 1;
                (flag.is_some() || !empty).then(|| Turn::With(into.clone(), number.into()))
            }
            Next::Offset { into, first } => {
                let count = u64::try_from(self.items.len() - self.last_at).unwrap_or(u64::MAX);
                let before = wanted.input.get(into).and_then(whole).unwrap_or(*first);
                (!empty).then(|| Turn::With(into.clone(), before.saturating_add(count).into()))
            }
        };
        Ok(After { more: flag.unwrap_or(turn.is_some()), turn })
    }

    /// The turn to the next page, unless this is the last.
    fn lead_on(&mut self, after: After, was_last: bool) -> Result<Option<Turn>, CallError> {
        self.more = after.more;
        let Some(turn) = after.turn.filter(|_| after.more && !was_last) else { return Ok(None) };
        if self.turns.contains(&turn) {
            return Err(CallError::fatal("page_repeated", "it leads to a page that was read already"));
        }
        if let (Turn::To(url), Some(Turn::To(begin))) = (&turn, self.turns.first())
            && url.origin() != begin.origin()
        {
            let message = "the next page is at another address than the one that was asked, and is not called there";
            return Err(CallError::fatal("page_elsewhere", message));
        }
        self.turns.push(turn.clone());
        Ok(Some(turn))
    }

    /// The last output with the items of all pages.
    fn joined(self, paging: &Paging) -> Value {
        let mut output = self.output;
        if let Some(place) = member(&mut output, &paging.items) {
            *place = Value::Array(self.items);
        }
        set(&mut output, MORE, self.more.into());
        output
    }
}

/// What went wrong, and at which page.
fn at_page(number: u32, unanswered: Unanswered) -> Unanswered {
    let Unanswered { mut error, exchange } = unanswered;
    error.message = match error.code.as_str() {
        "answer_too_long" => {
            let most = BODY_BYTES_MAX / 1024 / 1024;
            format!("up to page {number} the answers are longer than {most} MiB: ask for fewer pages")
        }
        _ => format!("page {number}: {}", error.message),
    };
    let exchange = exchange.map(|exchange| Box::new(Exchange { pages: Some(number), ..*exchange }));
    Unanswered { error, exchange }
}

fn says_yes(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// A whole number, also one that is written as text or with a point.
fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| {
            let number = number.as_f64().filter(|number| number.fract() == 0.0)?;
            format!("{number:.0}").parse().ok()
        }),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Where a link leads, seen from the page it is on.
fn address(from: &Url, target: &Value) -> Result<Turn, CallError> {
    let target = target.as_str().and_then(|target| from.join(target).ok());
    let plain = target.filter(|url| url.username().is_empty() && url.password().is_none());
    plain.map(Turn::To).ok_or_else(|| CallError::fatal("page_elsewhere", "the address of the next page cannot be used"))
}

/// The list at a place of an output, taken out of it.
fn taken(output: &mut Value, path: &[String]) -> Result<Vec<Value>, CallError> {
    match path.iter().try_fold(output, |value, name| value.get_mut(name)).map(Value::take) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => Ok(items),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            Err(CallError::fatal("page_without_items", format!("`{}` of the output is no list", path.join("."))))
        }
    }
}

/// Whether a page gave the items of the one before it once more: the service did not heed what was asked.
fn same_again(before: &[Value], items: &[Value]) -> bool {
    items.iter().any(Value::is_object) && before == items
}

/// A place in an object, made where it is not there.
fn member<'a>(object: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    path.iter().try_fold(object, |value, name| {
        if !value.is_object() {
            *value = Value::Object(Map::new());
        }
        value.as_object_mut().map(|members| members.entry(name.as_str()).or_insert(Value::Null))
    })
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(place) = member(object, &[name.to_owned()]) {
        *place = value;
    }
}
