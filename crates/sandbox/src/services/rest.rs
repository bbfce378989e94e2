//! A service with no opinion: it echoes what it got and counts. `?status=503` makes it answer with that status.

use std::collections::HashMap;

use hyper::StatusCode;
use serde_json::{Value, json};

use super::plain_error;
use crate::{
    services::{
        keyed::{KeyConflict, Scope},
        world::{At, World},
    },
    wire::{
        reply::{Effect, Reply},
        request::Request,
    },
};

const PLACES_MAX: usize = 200_000;

/// The HTTP method, as an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// GET, HEAD, OPTIONS: looks only.
    Read(&'static str),
    /// POST, PUT, PATCH, DELETE and whatever else: changes the world.
    Write(&'static str),
}

impl Op {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read(name) | Self::Write(name) => name,
        }
    }
}

pub(crate) fn route(method: &str) -> Op {
    match method {
        "GET" => Op::Read("rest.get"),
        "HEAD" => Op::Read("rest.head"),
        "OPTIONS" => Op::Read("rest.options"),
        "POST" => Op::Write("rest.post"),
        "PUT" => Op::Write("rest.put"),
        "PATCH" => Op::Write("rest.patch"),
        "DELETE" => Op::Write("rest.delete"),
        _ => Op::Write("rest.other"),
    }
}

/// How often each method and path was executed; the first 200,000 places are counted.
#[derive(Debug, Default)]
pub(crate) struct State {
    counts: HashMap<(String, String), u64>,
}

impl State {
    fn count(&mut self, request: &Request) -> u64 {
        let place = (request.method.to_string(), request.path.clone());
        if self.counts.len() >= PLACES_MAX && !self.counts.contains_key(&place) {
            return 0;
        }
        let n = self.counts.entry(place).or_default();
        *n += 1;
        *n
    }
}

/// Any method on `/rest/…`.
pub(crate) fn respond(world: &mut World, op: Op, request: &Request, at: At) -> Reply {
    match op {
        Op::Read(_) => echo(world, request, Effect::Read),
        Op::Write(_) => keyed(world, request, at, |world| echo(world, request, Effect::Changed)),
    }
}

/// Executes once per `Idempotency-Key`, or every time when there is none.
pub(crate) fn keyed(world: &mut World, request: &Request, at: At, execute: impl FnOnce(&mut World) -> Reply) -> Reply {
    let Some(key) = request.idempotency_key() else {
        return execute(world);
    };
    let (code, message) = match world.once((Scope::Rest, key), &request.fingerprint(), at, execute) {
        Ok(reply) if reply.effect == Effect::Replayed => return reply.with_header("idempotent-replayed", "true"),
        Ok(reply) => return reply,
        Err(KeyConflict::OtherRequest) => ("idempotency_mismatch", "This key was used for a different request."),
        Err(KeyConflict::InUse) => ("idempotency_in_use", "The first request with this key is still being answered."),
    };
    Reply::refused(StatusCode::CONFLICT, &plain_error(code, message))
}

fn echo(world: &mut World, request: &Request, effect: Effect) -> Reply {
    let asked = request.query_value("status").and_then(|code| code.parse::<u16>().ok());
    let status = asked.and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::OK);
    let bad = status.is_client_error() || status.is_server_error();
    let n = world.rest.count(request);
    let path = request.path.strip_prefix("/rest").unwrap_or(&request.path);
    let body: Value = json!({
        "method": request.method.as_str(), "path": path, "query": request.query_object(),
        "body": request.body_value(), "n": n,
    });
    Reply::json(status, &body, if bad { Effect::Failed } else { effect })
}
