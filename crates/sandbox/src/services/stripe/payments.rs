//! Payment intents: prepared, confirmed, given up. One that succeeds leaves a charge that can be refunded.

use serde_json::{Map, Value, json};

use super::{
    error::StripeError,
    integer, only,
    state::{Charge, fits, page},
    text,
};
use crate::{
    services::world::{At, World},
    wire::reply::Reply,
};

const CREATE_PARAMS: [&str; 13] = [
    "amount",
    "automatic_payment_methods",
    "confirm",
    "currency",
    "customer",
    "description",
    "error_on_requires_action",
    "expand",
    "metadata",
    "off_session",
    "payment_method",
    "payment_method_types",
    "receipt_email",
];

/// Where a payment is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Progress {
    RequiresPaymentMethod,
    RequiresConfirmation,
    Succeeded { charge: String },
    Canceled { reason: Option<String> },
}

impl Progress {
    fn name(&self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::Succeeded { .. } => "succeeded",
            Self::Canceled { .. } => "canceled",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Payment {
    id: String,
    /// Cents.
    amount: i64,
    currency: String,
    customer: Option<String>,
    payment_method: Option<String>,
    description: Option<String>,
    metadata: Map<String, Value>,
    created: i64,
    progress: Progress,
}

impl Payment {
    fn json(&self) -> Value {
        let (charge, reason) = match &self.progress {
            Progress::Succeeded { charge } => (Some(charge), None),
            Progress::Canceled { reason } => (None, reason.as_ref()),
            Progress::RequiresPaymentMethod | Progress::RequiresConfirmation => (None, None),
        };
        json!({
            "id": self.id, "object": "payment_intent", "amount": self.amount, "currency": self.currency,
            "amount_received": if charge.is_some() { self.amount } else { 0 }, "customer": self.customer,
            "client_secret": format!("{}_secret_sandbox", self.id), "created": self.created,
            "description": self.description, "latest_charge": charge, "payment_method": self.payment_method,
            "cancellation_reason": reason, "status": self.progress.name(), "livemode": false, "metadata": self.metadata,
        })
    }
}

/// The payment behind a charge that was there from the beginning.
fn of_charge(charge: &Charge) -> Value {
    let shown = charge.json();
    json!({
        "id": charge.payment_intent, "object": "payment_intent", "amount": charge.amount, "currency": "usd",
        "amount_received": charge.amount, "customer": charge.customer, "created": charge.created, "description": null,
        "latest_charge": charge.id, "payment_method": null, "cancellation_reason": null, "status": "succeeded",
        "livemode": false, "metadata": shown["metadata"],
    })
}

/// `POST /v1/payment_intents`; with `confirm` the money is taken at once.
pub(super) fn create(world: &mut World, params: &Value, at: At) -> Result<Reply, StripeError> {
    only(params, &CREATE_PARAMS)?;
    let missing = |name: &str| StripeError::invalid(format!("Missing required param: {name}.")).at(name);
    let amount = integer(params, "amount", "amount")?.ok_or_else(|| missing("amount"))?;
    if amount < 50 {
        let message = "Amount must be at least $0.50 usd";
        return Err(StripeError::invalid(message).coded("amount_too_small").at("amount"));
    }
    let own = |name: &str| text(params, name).map(str::to_owned);
    let currency = own("currency").ok_or_else(|| missing("currency"))?;
    let (customer, payment_method) = (own("customer"), own("payment_method"));
    if let Some(customer) = &customer {
        world.stripe.customer(customer)?;
    }
    let confirm = text(params, "confirm") == Some("true");
    if confirm && payment_method.is_none() {
        return Err(StripeError::invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
        ));
    }
    let progress =
        if payment_method.is_some() { Progress::RequiresConfirmation } else { Progress::RequiresPaymentMethod };
    let mut payment = Payment {
        id: world.ids.next("pi_"),
        amount,
        currency,
        customer,
        payment_method,
        description: own("description"),
        metadata: params.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default(),
        created: at.seconds(),
        progress,
    };
    let taken = if confirm { take(world, &payment, at).map(|done| payment.progress = done) } else { Ok(()) };
    let shown = payment.json();
    world.stripe.payments.push(payment);
    taken.map(|()| Reply::changed(&shown))
}

/// Takes the money, unless the customer's bank declines.
fn take(world: &mut World, payment: &Payment, at: At) -> Result<Progress, StripeError> {
    let customer = payment.customer.clone().unwrap_or_default();
    if world.stripe.customer(&customer).is_ok_and(|customer| customer.card_declines) {
        return Err(StripeError::declined());
    }
    let charge = Charge {
        id: world.ids.next("ch_"),
        payment_intent: payment.id.clone(),
        customer,
        amount: payment.amount,
        amount_refunded: 0,
        created: at.seconds(),
    };
    let id = charge.id.clone();
    world.stripe.charges.insert(id.clone(), charge);
    Ok(Progress::Succeeded { charge: id })
}

/// `POST /v1/payment_intents/{id}/confirm`
pub(super) fn confirm(world: &mut World, id: &str, params: &Value, at: At) -> Result<Reply, StripeError> {
    only(
        params,
        &["error_on_requires_action", "expand", "off_session", "payment_method", "receipt_email", "return_url"],
    )?;
    let method = text(params, "payment_method").map(str::to_owned);
    let mut payment = taken_out(world, id)?;
    let done = match &payment.progress {
        Progress::Succeeded { .. } | Progress::Canceled { .. } => Err(unexpected(&payment, "confirmed")),
        Progress::RequiresPaymentMethod if method.is_none() => {
            Err(StripeError::invalid("You cannot confirm this PaymentIntent because it's missing a payment method."))
        }
        Progress::RequiresPaymentMethod | Progress::RequiresConfirmation => take(world, &payment, at),
    };
    let done = done.map(|progress| {
        payment.payment_method = method.or(payment.payment_method.take());
        payment.progress = progress;
        Reply::changed(&payment.json())
    });
    world.stripe.payments.push(payment);
    done
}

/// `POST /v1/payment_intents/{id}/cancel`
pub(super) fn cancel(world: &mut World, id: &str, params: &Value) -> Result<Reply, StripeError> {
    only(params, &["cancellation_reason", "expand"])?;
    let reason = text(params, "cancellation_reason").map(str::to_owned);
    let payment = world.stripe.payments.iter_mut().find(|payment| payment.id == id);
    let payment = payment.ok_or_else(|| StripeError::missing("payment_intent", id))?;
    match payment.progress {
        Progress::Succeeded { .. } | Progress::Canceled { .. } => Err(unexpected(payment, "canceled")),
        Progress::RequiresPaymentMethod | Progress::RequiresConfirmation => {
            payment.progress = Progress::Canceled { reason };
            Ok(Reply::changed(&payment.json()))
        }
    }
}

fn unexpected(payment: &Payment, verb: &str) -> StripeError {
    let status = payment.progress.name();
    let message = format!("This PaymentIntent could not be {verb} because it has a status of {status}.");
    StripeError::conflicting("payment_intent_unexpected_state", message)
}

/// The payment, taken out of the list to be put back as its newest.
fn taken_out(world: &mut World, id: &str) -> Result<Payment, StripeError> {
    let found = world.stripe.payments.take(|payment| payment.id == id);
    found.ok_or_else(|| StripeError::missing("payment_intent", id))
}

pub(super) fn get(world: &World, id: &str) -> Result<Value, StripeError> {
    let made = world.stripe.payments.iter().find(|payment| payment.id == id).map(Payment::json);
    let seeded = || world.stripe.charges.values().find(|charge| charge.payment_intent == id).map(of_charge);
    made.or_else(seeded).ok_or_else(|| StripeError::missing("payment_intent", id))
}

/// Those that were made here, newest first.
pub(super) fn list(world: &World, query: &Value) -> Value {
    let shown = world.stripe.payments.iter().rev().map(Payment::json);
    page("payment_intents", query, shown.filter(|json| fits(query, "customer", &json["customer"])))
}
