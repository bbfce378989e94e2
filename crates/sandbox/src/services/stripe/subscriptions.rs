//! Previewing, changing and cancelling subscriptions.

use serde_json::{Map, Value, json};

use super::{
    error::StripeError,
    integer, only,
    proration::{Item, Line, Period, lines},
    state::{Price, Status, Subscription, list},
    text,
};
use crate::{
    services::world::{At, World},
    wire::reply::Reply,
};

const PREVIEW_PARAMS: [&str; 8] = [
    "automatic_tax",
    "currency",
    "customer",
    "discounts",
    "expand",
    "preview_mode",
    "subscription",
    "subscription_details",
];
const DETAIL_PARAMS: [&str; 8] = [
    "billing_cycle_anchor",
    "cancel_at_period_end",
    "cancel_now",
    "items",
    "proration_behavior",
    "proration_date",
    "default_tax_rates",
    "trial_end",
];
const UPDATE_PARAMS: [&str; 12] = [
    "automatic_tax",
    "billing_cycle_anchor",
    "cancel_at_period_end",
    "collection_method",
    "description",
    "discounts",
    "expand",
    "items",
    "metadata",
    "payment_behavior",
    "proration_behavior",
    "proration_date",
];

/// A change that has been worked out but not made.
#[derive(Debug)]
struct Planned {
    items: Vec<Item>,
    lines: Vec<Line>,
    period: Period,
    /// Seconds; what the amounts were worked out for.
    moment: i64,
}

impl Planned {
    /// Works out what `items`, `proration_behavior` and `proration_date` do. `shown` writes a parameter's full name.
    fn work_out(
        subscription: &Subscription,
        params: &Value,
        at: At,
        shown: impl Fn(&str) -> String,
    ) -> Result<Self, StripeError> {
        let period = Period::around(subscription.anchor, at.seconds());
        let name = shown("proration_date");
        let moment = period.moment(integer(params, "proration_date", &name)?, at.seconds(), &name)?;
        let items = changed_items(subscription, params.get("items"), &shown("items"))?;
        let lines = match text(params, "proration_behavior").unwrap_or("create_prorations") {
            // Stripe puts `create_prorations` on the next invoice, beside the next period's price. The sandbox bills
            // both kinds at once, so that a preview always is what the change itself costs.
            "create_prorations" | "always_invoice" => lines(&subscription.items, &items, period.days_left(moment)),
            "none" => Vec::new(),
            other => {
                let message = format!(
                    "Invalid proration_behavior: must be one of always_invoice, create_prorations, or none, not {other}"
                );
                return Err(StripeError::invalid(message).at(shown("proration_behavior")));
            }
        };
        Ok(Self { items, lines, period, moment })
    }

    fn total(&self) -> i64 {
        self.lines.iter().map(|line| line.amount).sum()
    }

    /// The invoice object; a preview and the invoice of the change differ in id and status only.
    fn invoice(&self, subscription: &Subscription, id: &str, status: &str) -> Value {
        let total = self.total();
        let due = total.max(0);
        let paid = if status == "paid" { due } else { 0 };
        let shown = |(number, line): (usize, &Line)| self.line_json(subscription, &format!("il_{id}_{number}"), line);
        let data = self.lines.iter().enumerate().map(shown).collect();
        json!({
            "id": id, "object": "invoice", "customer": subscription.customer, "subscription": subscription.id,
            "currency": "usd", "status": status, "billing_reason": "subscription_update", "amount_due": due,
            "amount_paid": paid, "amount_remaining": due - paid, "subtotal": total, "total": total,
            "starting_balance": 0, "ending_balance": total.min(0), "created": self.moment,
            "period_start": self.period.start, "period_end": self.period.end,
            "subscription_proration_date": self.moment, "livemode": false, "metadata": {},
            "parent": { "type": "subscription_details", "subscription_details": {
                "subscription": subscription.id, "subscription_proration_date": self.moment, "metadata": {},
            } },
            "lines": list("invoices/lines", data, false),
        })
    }

    fn line_json(&self, subscription: &Subscription, id: &str, line: &Line) -> Value {
        json!({
            "id": id, "object": "line_item", "amount": line.amount, "subtotal": line.amount, "currency": "usd",
            "description": line.description, "quantity": line.item.quantity, "livemode": false, "metadata": {},
            "period": { "start": self.moment, "end": self.period.end },
            "pricing": { "type": "price_details", "unit_amount_decimal": line.item.price.unit_amount.to_string(),
                "price_details": { "price": line.item.price.id, "product": format!("prod_{}", line.item.price.plan) } },
            "parent": { "type": "subscription_item_details", "subscription_item_details": {
                "subscription": subscription.id, "subscription_item": line.item.id, "proration": true,
            } },
        })
    }
}

/// The items after the change. An entry with an id changes that item, one without adds an item, as documented.
fn changed_items(subscription: &Subscription, asked: Option<&Value>, shown: &str) -> Result<Vec<Item>, StripeError> {
    let mut items = subscription.items.clone();
    let entries = match asked {
        None => return Ok(items),
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(StripeError::invalid("Invalid array").at(shown)),
    };
    for (number, entry) in entries.iter().enumerate() {
        let at = |name: &str| format!("{shown}[{number}][{name}]");
        let price = match text(entry, "price") {
            None => None,
            Some(id) => Some(Price::by_id(id).ok_or_else(|| {
                let message = format!("No such price: '{id}'");
                StripeError::invalid(message).coded("resource_missing").at(at("price"))
            })?),
        };
        let quantity = integer(entry, "quantity", &at("quantity"))?;
        if quantity.is_some_and(|quantity| !(0..=1_000_000).contains(&quantity)) {
            return Err(StripeError::invalid("The quantity must be 0 to 1,000,000.").at(at("quantity")));
        }
        let Some(id) = text(entry, "id") else {
            let price = price.ok_or_else(|| StripeError::invalid("Missing required param: price.").at(at("price")))?;
            let id = format!("si_{}_{}", subscription.id, items.len() + 1);
            items.push(Item { id, price, quantity: quantity.unwrap_or(1) });
            continue;
        };
        let Some(place) = items.iter().position(|item| item.id == id) else {
            let message = format!("No such subscription item: '{id}'");
            return Err(StripeError::invalid(message).coded("resource_missing").at(at("id")));
        };
        if text(entry, "deleted") == Some("true") {
            items.remove(place);
            continue;
        }
        if let (Some(price), Some(item)) = (price, items.get_mut(place)) {
            // A new price resets the quantity unless one is given.
            *item = Item { id: id.to_owned(), price, quantity: 1 };
        }
        if let (Some(quantity), Some(item)) = (quantity, items.get_mut(place)) {
            item.quantity = quantity;
        }
    }
    Ok(items)
}

/// `POST /v1/invoices/create_preview`: works the change out and makes nothing of it.
pub(super) fn preview(world: &mut World, params: &Value, at: At) -> Result<Value, StripeError> {
    only(params, &PREVIEW_PARAMS)?;
    let details = params.get("subscription_details").cloned().unwrap_or_else(|| json!({}));
    only(&details, &DETAIL_PARAMS)?;
    let Some(id) = text(params, "subscription") else {
        let message = "The sandbox previews changes of existing subscriptions: `subscription` is required.";
        return Err(StripeError::invalid(message).at("subscription"));
    };
    let subscription = world.stripe.subscription(id)?;
    if let Some(customer) = text(params, "customer").filter(|customer| *customer != subscription.customer) {
        let message = format!("The subscription {id} does not belong to the customer {customer}.");
        return Err(StripeError::invalid(message).at("customer"));
    }
    let planned = Planned::work_out(subscription, &details, at, |name| format!("subscription_details[{name}]"))?;
    let number = world.ids.number("upcoming");
    let subscription = world.stripe.subscription(id)?;
    Ok(planned.invoice(subscription, &format!("upcoming_in_{number:06}"), "draft"))
}

/// `POST /v1/subscriptions/{id}`.
pub(super) fn update(world: &mut World, id: &str, params: &Value, at: At) -> Result<Reply, StripeError> {
    let subscription = world.stripe.subscription(id)?;
    only(params, &UPDATE_PARAMS)?;
    if subscription.status == Status::Canceled {
        return Err(StripeError::invalid("A canceled subscription can only update its metadata."));
    }
    let planned = Planned::work_out(subscription, params, at, str::to_owned)?;
    let payment = text(params, "payment_behavior").unwrap_or("allow_incomplete");
    if !["allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"].contains(&payment) {
        return Err(StripeError::invalid(format!("Invalid payment_behavior: {payment}")).at("payment_behavior"));
    }
    let declined = planned.total() > 0 && world.stripe.customer(&subscription.customer)?.card_declines;
    if declined && payment == "error_if_incomplete" {
        return Err(StripeError::declined());
    }
    let mut changed = subscription.clone();
    changed.metadata = merged(&subscription.metadata, params.get("metadata"));
    match text(params, "cancel_at_period_end") {
        Some("true") => changed.cancel_at_period_end = true,
        Some("false") => changed.cancel_at_period_end = false,
        Some(_) | None => {}
    }
    if let Some(discounts) = params.get("discounts") {
        changed.discounts = super::catalogue::discounts(world, discounts)?;
    }
    if !planned.lines.is_empty() {
        let number = world.ids.next("in_");
        let invoice = planned.invoice(&changed, &number, if declined { "open" } else { "paid" });
        world.stripe.invoices.push(invoice.clone());
        changed.latest_invoice = invoice;
    }
    changed.items = planned.items;
    if declined {
        changed.status = Status::PastDue;
    }
    let reply = Reply::changed(&changed.json(at));
    world.stripe.subscriptions.insert(id.to_owned(), changed);
    Ok(reply)
}

/// `POST /v1/subscriptions/{id}/resume`: only of one that is paused.
pub(super) fn resume(world: &mut World, id: &str, params: &Value, at: At) -> Result<Reply, StripeError> {
    only(params, &["billing_cycle_anchor", "expand", "payment_behavior", "proration_behavior", "proration_date"])?;
    let mut changed = world.stripe.subscription(id)?.clone();
    if changed.status != Status::Paused {
        let message = format!("Only a paused subscription can be resumed; this one is {}.", changed.status.name());
        return Err(StripeError::invalid(message));
    }
    changed.status = Status::Active;
    let reply = Reply::changed(&changed.json(at));
    world.stripe.subscriptions.insert(id.to_owned(), changed);
    Ok(reply)
}

/// `DELETE /v1/subscriptions/{id}`: cancels at once.
pub(super) fn cancel(world: &mut World, id: &str, at: At) -> Result<Reply, StripeError> {
    let mut changed = world.stripe.subscription(id)?.clone();
    if changed.status == Status::Canceled {
        return Err(StripeError::missing("subscription", id));
    }
    changed.status = Status::Canceled;
    changed.canceled_at = Some(at.seconds());
    let reply = Reply::changed(&changed.json(at));
    world.stripe.subscriptions.insert(id.to_owned(), changed);
    Ok(reply)
}

/// Given keys are set, keys given as the empty string go away.
pub(super) fn merged(have: &Map<String, Value>, given: Option<&Value>) -> Map<String, Value> {
    let mut metadata = have.clone();
    for (key, value) in given.and_then(Value::as_object).into_iter().flatten() {
        if value == "" {
            metadata.remove(key);
        } else {
            metadata.insert(key.clone(), value.clone());
        }
    }
    metadata
}
