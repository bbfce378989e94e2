//! A Stripe that keeps state: customers, subscriptions, invoices, charges and refunds, with idempotency keys.

pub(crate) mod error;
mod proration;
mod refunds;
mod state;
mod subscriptions;

use serde_json::Value;

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
use error::StripeError;
pub(crate) use state::State;

const KEY_CHARS_MAX: usize = 255;

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// `POST /v1/invoices/create_preview`
    InvoicePreview,
    /// `GET /v1/invoices/{id}`
    InvoiceGet,
    /// `GET /v1/invoices`
    InvoiceList,
    /// `GET /v1/subscriptions/{id}`
    SubscriptionGet,
    /// `GET /v1/subscriptions`
    SubscriptionList,
    /// `POST /v1/subscriptions/{id}`
    SubscriptionUpdate,
    /// `DELETE /v1/subscriptions/{id}`
    SubscriptionCancel,
    /// `GET /v1/customers/{id}`
    CustomerGet,
    /// `GET /v1/customers`
    CustomerList,
    /// `POST /v1/refunds`
    RefundCreate,
    /// `GET /v1/refunds/{id}`
    RefundGet,
    /// `GET /v1/refunds`
    RefundList,
    /// `GET /v1/charges/{id}`
    ChargeGet,
    /// `GET /v1/charges`
    ChargeList,
    /// `GET /v1/prices`
    PriceList,
}

impl Op {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::InvoicePreview => "stripe.invoice.create_preview",
            Self::InvoiceGet => "stripe.invoice.get",
            Self::InvoiceList => "stripe.invoice.list",
            Self::SubscriptionGet => "stripe.subscription.get",
            Self::SubscriptionList => "stripe.subscription.list",
            Self::SubscriptionUpdate => "stripe.subscription.update",
            Self::SubscriptionCancel => "stripe.subscription.cancel",
            Self::CustomerGet => "stripe.customer.get",
            Self::CustomerList => "stripe.customer.list",
            Self::RefundCreate => "stripe.refund.create",
            Self::RefundGet => "stripe.refund.get",
            Self::RefundList => "stripe.refund.list",
            Self::ChargeGet => "stripe.charge.get",
            Self::ChargeList => "stripe.charge.list",
            Self::PriceList => "stripe.price.list",
        }
    }
}

pub(crate) fn route(method: &str, segments: &[&str]) -> Option<Op> {
    match (method, segments) {
        ("POST", ["v1", "invoices", "create_preview"]) => Some(Op::InvoicePreview),
        ("GET", ["v1", "invoices"]) => Some(Op::InvoiceList),
        ("GET", ["v1", "invoices", _]) => Some(Op::InvoiceGet),
        ("GET", ["v1", "subscriptions"]) => Some(Op::SubscriptionList),
        ("GET", ["v1", "subscriptions", _]) => Some(Op::SubscriptionGet),
        ("POST", ["v1", "subscriptions", _]) => Some(Op::SubscriptionUpdate),
        ("DELETE", ["v1", "subscriptions", _]) => Some(Op::SubscriptionCancel),
        ("GET", ["v1", "customers"]) => Some(Op::CustomerList),
        ("GET", ["v1", "customers", _]) => Some(Op::CustomerGet),
        ("POST", ["v1", "refunds"]) => Some(Op::RefundCreate),
        ("GET", ["v1", "refunds"]) => Some(Op::RefundList),
        ("GET", ["v1", "refunds", _]) => Some(Op::RefundGet),
        ("GET", ["v1", "charges"]) => Some(Op::ChargeList),
        ("GET", ["v1", "charges", _]) => Some(Op::ChargeGet),
        ("GET", ["v1", "prices"]) => Some(Op::PriceList),
        (_, _) => None,
    }
}

/// Answers a call to `/stripe/v1/…`.
pub(crate) fn respond(world: &mut World, op: Op, request: &Request, at: At) -> Reply {
    if !authorised(request) {
        return StripeError::unauthorised().reply();
    }
    if request.is_json() {
        return StripeError::invalid("This API takes application/x-www-form-urlencoded bodies, not JSON.").reply();
    }
    let number = world.ids.number("req");
    let version = request.header("stripe-version").unwrap_or("2026-10-28.endive").to_owned();
    let reply = keyed(world, request, at, |world| {
        let done = execute(world, op, request, at);
        done.unwrap_or_else(|error| error.reply())
    });
    reply.with_header("request-id", format!("req_{number:06}")).with_header("stripe-version", version)
}

/// A secret test key, as bearer token or as the user of basic authorisation.
fn authorised(request: &Request) -> bool {
    let basic = request.basic().map(|(user, _)| user);
    let key = request.bearer().or(basic.as_deref());
    key.is_some_and(|key| key.starts_with("sk_test_") || key.starts_with("rk_test_"))
}

/// Executes a POST once per `Idempotency-Key`; other methods ignore the header, as documented.
pub(crate) fn keyed(world: &mut World, request: &Request, at: At, execute: impl FnOnce(&mut World) -> Reply) -> Reply {
    let Some(key) = request.idempotency_key().filter(|_| request.method == hyper::Method::POST) else {
        return execute(world);
    };
    if key.chars().count() > KEY_CHARS_MAX {
        return StripeError::invalid("Idempotency keys are at most 255 characters long.").reply();
    }
    match world.once((Scope::Stripe, key), &request.fingerprint(), at, execute) {
        Ok(reply) if reply.effect == Effect::Replayed => reply.with_header("idempotent-replayed", "true"),
        Ok(reply) => reply,
        Err(KeyConflict::OtherRequest) => StripeError::key_reused(key).reply(),
        Err(KeyConflict::InUse) => StripeError::key_in_use(key).reply(),
    }
}

fn execute(world: &mut World, op: Op, request: &Request, at: At) -> Result<Reply, StripeError> {
    let segments = request.segments();
    let id = segments.last().copied().unwrap_or_default();
    let query = request.query_form();
    let found = match op {
        Op::InvoicePreview => subscriptions::preview(world, &request.form(), at)?,
        Op::SubscriptionUpdate => return subscriptions::update(world, id, &request.form(), at),
        Op::SubscriptionCancel => return subscriptions::cancel(world, id, at),
        Op::RefundCreate => return refunds::create(world, &request.form(), at),
        Op::InvoiceGet => world.stripe.invoice(id)?,
        Op::InvoiceList => world.stripe.invoices(&query),
        Op::SubscriptionGet => world.stripe.subscription(id)?.json(at),
        Op::SubscriptionList => world.stripe.subscriptions(&query, at),
        Op::CustomerGet => world.stripe.customer(id)?.json(),
        Op::CustomerList => world.stripe.customers(&query),
        Op::RefundGet => refunds::get(world, id)?,
        Op::RefundList => refunds::list(world, &query),
        Op::ChargeGet => world.stripe.charge(id)?.json(),
        Op::ChargeList => world.stripe.charges(&query),
        Op::PriceList => state::prices(),
    };
    Ok(Reply::read(&found))
}

/// For the control API: every subscription with its customer's e-mail address and plan.
pub(crate) fn subscriptions_json(world: &World) -> Value {
    world.stripe.overview()
}

fn text<'a>(params: &'a Value, name: &str) -> Option<&'a str> {
    params.get(name).and_then(Value::as_str).filter(|value| !value.is_empty())
}

/// A whole number sent as text.
fn integer(params: &Value, name: &str, shown: &str) -> Result<Option<i64>, StripeError> {
    let Some(value) = text(params, name) else {
        return Ok(None);
    };
    let refused = |_| StripeError::invalid(format!("Invalid integer: {value}")).at(shown);
    value.parse().map(Some).map_err(refused)
}

/// Refuses parameters this endpoint does not have: a misspelt name must not pass silently.
fn only(params: &Value, known: &[&str]) -> Result<(), StripeError> {
    let unknown = params.as_object().and_then(|map| map.keys().find(|name| !known.contains(&name.as_str())));
    match unknown {
        Some(name) => {
            let message = format!("Received unknown parameter: {name}");
            Err(StripeError::invalid(message).coded("parameter_unknown").at(name))
        }
        None => Ok(()),
    }
}
