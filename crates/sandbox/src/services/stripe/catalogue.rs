//! Coupons, and pages where customers pay.

use serde_json::{Value, json};

use super::{
    error::StripeError,
    integer, only,
    state::{Price, page},
    text,
};
use crate::{
    services::world::{At, World},
    wire::reply::Reply,
};

const COUPON_PARAMS: [&str; 11] = [
    "amount_off",
    "currency",
    "duration",
    "duration_in_months",
    "expand",
    "id",
    "max_redemptions",
    "metadata",
    "name",
    "percent_off",
    "redeem_by",
];
const CHECKOUT_PARAMS: [&str; 10] = [
    "allow_promotion_codes",
    "cancel_url",
    "client_reference_id",
    "customer",
    "customer_email",
    "expand",
    "line_items",
    "metadata",
    "mode",
    "success_url",
];

/// How long a page can be paid on.
const CHECKOUT_SECONDS: i64 = 86_400;

fn missing(name: &str) -> StripeError {
    StripeError::invalid(format!("Missing required param: {name}.")).at(name)
}

/// `POST /v1/coupons`: a share or an amount, not both.
pub(super) fn create_coupon(world: &mut World, params: &Value, at: At) -> Result<Reply, StripeError> {
    only(params, &COUPON_PARAMS)?;
    let percent = text(params, "percent_off").map(str::parse::<f64>).transpose();
    let percent = percent.map_err(|_| StripeError::invalid("Invalid decimal").at("percent_off"))?;
    let amount = integer(params, "amount_off", "amount_off")?;
    if percent.is_some() == amount.is_some() {
        return Err(StripeError::invalid("You must pass exactly one of percent_off or amount_off.").at("percent_off"));
    }
    if amount.is_some() && text(params, "currency").is_none() {
        return Err(missing("currency"));
    }
    let duration = text(params, "duration").unwrap_or("once");
    let months = integer(params, "duration_in_months", "duration_in_months")?;
    if (duration == "repeating") != months.is_some() {
        let message = "duration_in_months goes with the duration `repeating`, and with no other.";
        return Err(StripeError::invalid(message).at("duration_in_months"));
    }
    let id = text(params, "id").map_or_else(|| world.ids.next("coupon_"), str::to_owned);
    if world.stripe.coupons.iter().any(|coupon| coupon["id"] == id.as_str()) {
        let message = format!("Coupon already exists: {id}");
        return Err(StripeError::conflicting("resource_already_exists", message).at("id"));
    }
    let coupon = json!({
        "id": id, "object": "coupon", "name": text(params, "name"), "percent_off": percent, "amount_off": amount,
        "currency": text(params, "currency"), "duration": duration, "duration_in_months": months, "valid": true,
        "created": at.seconds(), "times_redeemed": 0, "livemode": false,
        "max_redemptions": integer(params, "max_redemptions", "max_redemptions")?,
        "redeem_by": integer(params, "redeem_by", "redeem_by")?,
        "metadata": params.get("metadata").cloned().unwrap_or_else(|| json!({})),
    });
    world.stripe.coupons.push(coupon.clone());
    Ok(Reply::changed(&coupon))
}

pub(super) fn coupons(world: &World, query: &Value) -> Value {
    page("coupons", query, world.stripe.coupons.iter().rev().cloned())
}

/// The coupons that `discounts` names: `[{coupon}]`; an empty text takes all away.
pub(super) fn discounts(world: &World, given: &Value) -> Result<Vec<String>, StripeError> {
    let known = |discount: &Value| {
        let id = text(discount, "coupon").ok_or_else(|| missing("discounts[0][coupon]"))?;
        match world.stripe.coupons.iter().any(|coupon| coupon["id"] == id) {
            true => Ok(id.to_owned()),
            false => Err(StripeError::missing("coupon", id)),
        }
    };
    given.as_array().into_iter().flatten().map(known).collect()
}

/// `POST /v1/checkout/sessions`
pub(super) fn create_checkout(world: &mut World, params: &Value, at: At) -> Result<Reply, StripeError> {
    only(params, &CHECKOUT_PARAMS)?;
    let mode = text(params, "mode").ok_or_else(|| missing("mode"))?;
    if text(params, "success_url").is_none() {
        return Err(missing("success_url"));
    }
    if let Some(customer) = text(params, "customer") {
        world.stripe.customer(customer)?;
        if text(params, "customer_email").is_some() {
            return Err(StripeError::invalid(
                "You may only specify one of these parameters: customer, customer_email.",
            ));
        }
    }
    let items = params.get("line_items").and_then(Value::as_array).filter(|items| !items.is_empty());
    let items = items.ok_or_else(|| missing("line_items"))?;
    let mut total = 0;
    for (number, item) in items.iter().enumerate() {
        let place = format!("line_items[{number}][price]");
        let id = text(item, "price").ok_or_else(|| missing(&place))?;
        let price = Price::by_id(id).ok_or_else(|| {
            StripeError::invalid(format!("No such price: '{id}'")).coded("resource_missing").at(place)
        })?;
        total += price.unit_amount * integer(item, "quantity", "quantity")?.unwrap_or(1);
    }
    let id = world.ids.next("cs_test_");
    let session = json!({
        "id": id, "object": "checkout.session", "mode": mode, "status": "open", "payment_status": "unpaid",
        "url": format!("https://checkout.stripe.com/c/pay/{id}"), "amount_total": total, "currency": "usd",
        "customer": text(params, "customer"), "customer_email": text(params, "customer_email"), "payment_intent": null,
        "subscription": null, "client_reference_id": text(params, "client_reference_id"), "created": at.seconds(),
        "expires_at": at.seconds() + CHECKOUT_SECONDS, "livemode": false,
        "metadata": params.get("metadata").cloned().unwrap_or_else(|| json!({})),
    });
    world.stripe.checkouts.push(session.clone());
    Ok(Reply::changed(&session))
}

pub(super) fn checkout(world: &World, id: &str) -> Result<Value, StripeError> {
    let found = world.stripe.checkouts.iter().rev().find(|session| session["id"] == id);
    found.cloned().ok_or_else(|| StripeError::missing("checkout.session", id))
}
