//! The control API under `/_/`, the phone page and the index. None of these is recorded as a call.

use hyper::{StatusCode, body::Bytes};
use serde_json::{Value, json};

use crate::{
    memory::{
        directory::{Person, digits},
        ledger::Filter,
        messages::{Channel, Message},
    },
    services::{customer, smtp_sink::Mail, stripe, world::World},
    wire::{
        reply::{Effect, Reply},
        request::Request,
    },
};

const PHONE_PAGE: &str = include_str!("phone.html");
const PHONE_MESSAGES_MAX: usize = 500;
const LIST_DEFAULT: usize = 1_000;

/// The answer when the path is the sandbox's own; `None` when it belongs to a service.
pub(crate) fn respond(world: &mut World, request: &Request, now: i64) -> Option<Reply> {
    let segments = request.segments();
    let reply = match (request.method.as_str(), segments.as_slice()) {
        ("GET", [] | ["_"]) => index(),
        ("GET", ["phone"]) => page(),
        ("GET", ["phone", "messages.json"]) => phone_messages(world, request),
        ("GET", ["_", "health"]) => Reply::read(&json!({ "ok": true })),
        ("GET", ["_", "calls"]) => {
            let limit = request.query_number("limit", LIST_DEFAULT);
            Reply::read(&world.ledger.calls_json(Filter::from_query(request), limit))
        }
        ("GET", ["_", "counts"]) => Reply::read(&world.ledger.counts_json()),
        ("GET", ["_", "executions"]) => Reply::read(&world.ledger.executions_json(Filter::from_query(request)))
            .with_header("x-untracked", world.ledger.untracked().to_string()),
        ("GET", ["_", "stripe", "subscriptions"]) => Reply::read(&stripe::subscriptions_json(world)),
        ("GET", ["_", "mails"]) => mails(world, request),
        ("GET", ["_", "messages"]) => messages(world, request),
        ("POST", ["_", "hooks"]) => match customer::register(world, &request.json().unwrap_or_default()) {
            Ok(target) => Reply::json(StatusCode::CREATED, &target, Effect::Read),
            Err(reason) => bad_request(&reason),
        },
        ("POST", ["_", "customer"]) => match customer::act(world, &request.json().unwrap_or_default(), now) {
            Ok(()) => no_content(),
            Err(reason) => bad_request(&reason),
        },
        ("POST", ["_", "reset"]) => {
            *world = World::seeded(now);
            no_content()
        }
        ("POST", ["_", "faults"]) => match world.faults.add(&request.body) {
            Ok(fault) => Reply::json(StatusCode::CREATED, &fault, Effect::Read),
            Err(reason) => bad_request(&reason),
        },
        ("GET", ["_", "faults"]) => Reply::read(&world.faults.json()),
        ("DELETE", ["_", "faults"]) => {
            world.faults.clear();
            no_content()
        }
        ("POST", ["_", "whatsapp", "recipients"]) => recipient(world, request),
        (_, ["_", ..] | ["phone", ..]) => {
            let body = json!({ "error": { "code": "not_found", "message": "No such control endpoint." } });
            Reply::refused(StatusCode::NOT_FOUND, &body)
        }
        (_, _) => return None,
    };
    Some(reply)
}

fn index() -> Reply {
    Reply::read(&json!({
        "sandbox": "countersign",
        "services": ["/identity", "/stripe", "/whatsapp", "/telegram", "/twilio", "/slack", "/shopify", "/oauth", "/rest"],
        "phone": "/phone",
        "control": [
            "GET /_/calls?service=&operation=&key=&limit=", "GET /_/counts",
            "GET /_/executions?service=&operation=&key=", "GET /_/stripe/subscriptions", "GET /_/mails?to=",
            "GET /_/messages?channel=&to=", "POST /_/reset", "GET|POST|DELETE /_/faults",
            "POST /_/whatsapp/recipients", "POST /_/hooks", "POST /_/customer",
        ],
    }))
}

fn page() -> Reply {
    let mut reply = Reply::read(&Value::Null);
    reply.content_type = "text/html; charset=utf-8";
    reply.body = Bytes::from_static(PHONE_PAGE.as_bytes());
    reply.with_header(
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:",
    )
}

fn no_content() -> Reply {
    let mut reply = Reply::json(StatusCode::NO_CONTENT, &Value::Null, Effect::Read);
    reply.body = Bytes::new();
    reply
}

fn bad_request(reason: &str) -> Reply {
    Reply::refused(StatusCode::BAD_REQUEST, &json!({ "error": { "code": "invalid", "message": reason } }))
}

/// Whether a message went to this address, or to another address of the same customer.
fn is_to(world: &World, message: &Message, wanted: &str) -> bool {
    if message.to.eq_ignore_ascii_case(wanted) {
        return true;
    }
    let same_digits = !digits(wanted).is_empty() && digits(&message.to) == digits(wanted);
    let same_person = match (world.directory.find(&message.to), world.directory.find(wanted)) {
        (Some(one), Some(other)) => one.handle == other.handle,
        (_, _) => false,
    };
    same_digits || same_person
}

fn message_json(world: &World, message: &Message) -> Value {
    let customer = match message.channel {
        Channel::Slack => Value::Null,
        Channel::WhatsApp | Channel::Sms | Channel::Telegram | Channel::Email => {
            world.directory.find(&message.to).map_or(Value::Null, Person::json)
        }
    };
    message.json(&customer)
}

fn phone_messages(world: &World, request: &Request) -> Reply {
    let wanted = request.query_value("to").filter(|to| !to.is_empty());
    let passes =
        |message: &Message| message.channel.on_phone() && wanted.is_none_or(|wanted| is_to(world, message, wanted));
    let found = world.messages.newest(PHONE_MESSAGES_MAX, passes);
    let list: Value = found.into_iter().map(|message| message_json(world, message)).collect();
    Reply::read(&json!({ "messages": list }))
}

fn messages(world: &World, request: &Request) -> Reply {
    let (channel, to) = (request.query_value("channel"), request.query_value("to"));
    let passes = |message: &Message| {
        channel.is_none_or(|wanted| message.channel.name() == wanted)
            && to.is_none_or(|wanted| is_to(world, message, wanted))
    };
    let found = world.messages.newest(request.query_number("limit", LIST_DEFAULT), passes);
    Reply::read(&found.into_iter().map(|message| message_json(world, message)).collect())
}

fn mails(world: &World, request: &Request) -> Reply {
    let to = request.query_value("to");
    let passes = |mail: &Mail| to.is_none_or(|wanted| mail.to.iter().any(|one| one.eq_ignore_ascii_case(wanted)));
    let found = world.mails.newest(request.query_number("limit", LIST_DEFAULT), passes);
    Reply::read(&found.into_iter().map(Mail::json).collect())
}

/// `{to, window?: "open"|"closed", reachable?: bool}`: what WhatsApp thinks of a number.
fn recipient(world: &mut World, request: &Request) -> Reply {
    let body = request.json().unwrap_or_default();
    let Some(to) = body["to"].as_str().map(digits).filter(|to| !to.is_empty()) else {
        return bad_request("`to` must be a phone number");
    };
    if world.whatsapp.is_full() {
        return bad_request("10,000 numbers are switched already; reset first");
    }
    match body["window"].as_str() {
        None => {}
        Some("open") => world.whatsapp.open_window(&to),
        Some("closed") => world.whatsapp.close_window(&to),
        Some(other) => return bad_request(&format!("window is `open` or `closed`, not `{other}`")),
    }
    if let Some(reachable) = body["reachable"].as_bool() {
        world.whatsapp.set_reachable(&to, reachable);
    }
    Reply::read(&world.whatsapp.recipient_json(&to))
}
