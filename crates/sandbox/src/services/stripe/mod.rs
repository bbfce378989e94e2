//! A Stripe that keeps state: customers and their balances, subscriptions, invoices, payments, charges, refunds, coupons and
//! checkout pages, with idempotency keys.

mod catalogue;
mod customers;
pub(crate) mod error;
mod invoices;
mod op;
mod payments;
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
pub(crate) use op::{Op, route};
pub(crate) use state::State;

const KEY_CHARS_MAX: usize = 255;

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
    let id = op.id(&segments);
    let (query, form) = (request.query_form(), request.form());
    let found = match op {
        Op::InvoicePreview => subscriptions::preview(world, &form, at)?,
        Op::SubscriptionUpdate => return subscriptions::update(world, id, &form, at),
        Op::SubscriptionResume => return subscriptions::resume(world, id, &form, at),
        Op::SubscriptionCancel => return subscriptions::cancel(world, id, at),
        Op::RefundCreate => return refunds::create(world, &form, at),
        Op::CustomerCreate => return customers::create(world, &form),
        Op::CustomerUpdate => return customers::update(world, id, &form),
        Op::BalanceAdjust => return customers::adjust(world, id, &form, at),
        Op::InvoiceCreate => return invoices::create(world, &form, at),
        Op::InvoiceItemCreate => return invoices::add_item(world, &form),
        Op::InvoiceFinalize => return invoices::finalize(world, id, &form),
        Op::InvoicePay => return invoices::pay(world, id, &form, at),
        Op::InvoiceVoid => return invoices::void(world, id),
        Op::PaymentCreate => return payments::create(world, &form, at),
        Op::PaymentConfirm => return payments::confirm(world, id, &form, at),
        Op::PaymentCancel => return payments::cancel(world, id, &form),
        Op::CouponCreate => return catalogue::create_coupon(world, &form, at),
        Op::CheckoutCreate => return catalogue::create_checkout(world, &form, at),
        Op::InvoiceGet => world.stripe.invoice(id)?,
        Op::InvoiceList => world.stripe.invoices(&query),
        Op::SubscriptionGet => world.stripe.subscription(id)?.json(at),
        Op::SubscriptionList => world.stripe.subscriptions(&query, at),
        Op::CustomerGet => world.stripe.customer(id)?.json(),
        Op::CustomerList => world.stripe.customers(&query),
        Op::BalanceList => customers::balance(world, id, &query)?,
        Op::RefundGet => refunds::get(world, id)?,
        Op::RefundList => refunds::list(world, &query),
        Op::ChargeGet => world.stripe.charge(id)?.json(),
        Op::ChargeList => world.stripe.charges(&query),
        Op::PaymentGet => payments::get(world, id)?,
        Op::PaymentList => payments::list(world, &query),
        Op::CouponList => catalogue::coupons(world, &query),
        Op::CheckoutGet => catalogue::checkout(world, id)?,
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
