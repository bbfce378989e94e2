//! The one way a call passes through the world: name the operation, look for a fault, execute, record. No IO and no clock in here.

use std::time::Duration;

use hyper::StatusCode;
use serde_json::json;

use crate::{
    control,
    memory::{fault::FaultKind, ledger::Record},
    services::{
        Operation, identity, oauth, rest, shopify, slack, stripe, telegram, twilio, whatsapp,
        world::{At, World},
    },
    wire::{
        reply::{Effect, Reply},
        request::Request,
    },
};

/// How a request ends.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// With an answer, given after `hold`.
    Answer {
        /// The answer.
        reply: Reply,
        /// How long the answer is held back.
        hold: Duration,
    },
    /// With a closed connection and no byte of an answer.
    Hangup,
}

impl World {
    /// Passes one request through: control and phone pages are answered at once, everything else is a recorded call.
    pub(crate) fn handle(&mut self, request: &Request, now: i64) -> Outcome {
        if let Some(reply) = control::respond(self, request, now) {
            return Outcome::Answer { reply, hold: Duration::ZERO };
        }
        let Some(operation) = Operation::of(request) else {
            let body =
                json!({ "error": { "code": "not_found", "message": "No such service. See GET / for the list." } });
            return Outcome::Answer { reply: Reply::refused(StatusCode::NOT_FOUND, &body), hold: Duration::ZERO };
        };
        let fault = self.faults.take(operation.service(), operation.name(), || haystack(request));
        let record = Record::received(operation.called(request), request, now);
        let kind = fault.as_ref().map(|fault| fault.kind);
        let hold_ms = fault.as_ref().map_or(0, |fault| fault.delay_ms);
        let at = At { now, hold_ms };
        let reply = match &fault {
            Some(fault) => match fault.kind {
                FaultKind::DropBefore => {
                    self.ledger.push(record.hung_up(kind, Effect::Refused));
                    return Outcome::Hangup;
                }
                FaultKind::Fail => {
                    let reply = operation.broken(fault.status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
                    if fault.saved { self.execute_as(operation, request, at, reply) } else { reply }
                }
                FaultKind::RateLimit => operation.throttled(fault.status, fault.retry_after_seconds),
                FaultKind::DropAfter | FaultKind::Delay => self.execute(operation, request, at),
            },
            None => self.execute(operation, request, at),
        };
        if kind == Some(FaultKind::DropAfter) {
            self.ledger.push(record.hung_up(kind, reply.effect));
            return Outcome::Hangup;
        }
        self.ledger.push(record.answered(kind, &reply));
        Outcome::Answer { reply, hold: Duration::from_millis(hold_ms) }
    }

    fn execute(&mut self, operation: Operation, request: &Request, at: At) -> Reply {
        match operation {
            Operation::IdentityVerify => identity::verify(self, request),
            Operation::Stripe(op) => stripe::respond(self, op, request, at),
            Operation::WhatsApp(op) => whatsapp::respond(self, op, request, at),
            Operation::Telegram(op) => telegram::respond(self, op, request, at),
            Operation::Twilio(op) => twilio::respond(self, op, request, at),
            Operation::Slack(op) => slack::respond(self, op, request, at),
            Operation::Shopify(op) => shopify::respond(self, op, request, at),
            Operation::Oauth(op) => oauth::respond(self, op, request, at),
            Operation::Rest(op) => rest::respond(self, op, request, at),
            // Mails come in through SMTP, never through a request.
            Operation::MailReceive | Operation::Unknown(_) => operation.unknown(),
        }
    }

    /// A failure once execution began: the service saves it under the key and repeats it, as Stripe documents for 500s.
    fn execute_as(&mut self, operation: Operation, request: &Request, at: At, reply: Reply) -> Reply {
        let failed = Reply { effect: Effect::Failed, ..reply };
        match operation {
            Operation::Stripe(_) => stripe::keyed(self, request, at, |_| failed),
            Operation::Rest(_) => rest::keyed(self, request, at, |_| failed),
            Operation::IdentityVerify
            | Operation::WhatsApp(_)
            | Operation::Telegram(_)
            | Operation::Twilio(_)
            | Operation::Slack(_)
            | Operation::Shopify(_)
            | Operation::Oauth(_)
            | Operation::MailReceive
            | Operation::Unknown(_) => failed,
        }
    }
}

/// What a fault's `contains` is looked for in.
fn haystack(request: &Request) -> String {
    format!("{} {:?} {}", request.path, request.query, String::from_utf8_lossy(&request.body))
}
