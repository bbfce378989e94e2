//! Invoices of their own: drafts, what is on them, and what becomes of them.

use serde_json::{Value, json};

use super::{error::StripeError, integer, only, state::list, text};
use crate::{
    services::world::{At, World},
    wire::reply::Reply,
};

const CREATE_PARAMS: [&str; 8] = [
    "auto_advance",
    "collection_method",
    "currency",
    "customer",
    "days_until_due",
    "description",
    "expand",
    "metadata",
];
const ITEM_PARAMS: [&str; 7] = ["amount", "currency", "customer", "description", "expand", "invoice", "metadata"];

fn missing(name: &str) -> StripeError {
    StripeError::invalid(format!("Missing required param: {name}.")).at(name)
}

/// `POST /v1/invoices`: an empty draft.
pub(super) fn create(world: &mut World, params: &Value, at: At) -> Result<Reply, StripeError> {
    only(params, &CREATE_PARAMS)?;
    let customer = text(params, "customer").ok_or_else(|| missing("customer"))?;
    world.stripe.customer(customer)?;
    let invoice = json!({
        "id": world.ids.next("in_"), "object": "invoice", "customer": customer, "parent": null, "currency": "usd",
        "status": "draft", "billing_reason": "manual", "number": null, "amount_due": 0, "amount_paid": 0,
        "amount_remaining": 0, "subtotal": 0, "total": 0, "created": at.seconds(), "due_date": null,
        "description": text(params, "description"), "hosted_invoice_url": null, "invoice_pdf": null, "livemode": false,
        "metadata": params.get("metadata").cloned().unwrap_or_else(|| json!({})),
        "lines": list("invoices/lines", json!([]), false),
    });
    world.stripe.invoices.push(invoice.clone());
    Ok(Reply::changed(&invoice))
}

/// `POST /v1/invoiceitems` onto a draft.
pub(super) fn add_item(world: &mut World, params: &Value) -> Result<Reply, StripeError> {
    only(params, &ITEM_PARAMS)?;
    let customer = text(params, "customer").ok_or_else(|| missing("customer"))?.to_owned();
    let amount = integer(params, "amount", "amount")?.ok_or_else(|| missing("amount"))?;
    let Some(id) = text(params, "invoice") else {
        return Err(StripeError::invalid("The sandbox puts items on a draft: `invoice` is required.").at("invoice"));
    };
    let number = world.ids.next("ii_");
    let invoice = found(world, id)?;
    if invoice["status"] != "draft" {
        return Err(not_editable(id));
    }
    let item = json!({
        "id": number, "object": "invoiceitem", "amount": amount, "currency": text(params, "currency").unwrap_or("usd"),
        "customer": customer, "invoice": id, "description": text(params, "description"),
    });
    if let Some(lines) = invoice["lines"]["data"].as_array_mut() {
        lines.push(item.clone());
    }
    let total = invoice["total"].as_i64().unwrap_or_default() + amount;
    for field in ["subtotal", "total"] {
        invoice[field] = json!(total);
    }
    for field in ["amount_due", "amount_remaining"] {
        invoice[field] = json!(total.max(0));
    }
    Ok(Reply::changed(&item))
}

/// `POST /v1/invoices/{id}/finalize`: a draft gets its number and can be paid.
pub(super) fn finalize(world: &mut World, id: &str, params: &Value) -> Result<Reply, StripeError> {
    only(params, &["auto_advance", "expand"])?;
    let number = world.ids.number("invoice_number");
    let invoice = found(world, id)?;
    if invoice["status"] != "draft" {
        let message = "This invoice is already finalized, you can't re-finalize a non-draft invoice.";
        return Err(StripeError::conflicting("invoice_not_editable", message));
    }
    invoice["number"] = json!(format!("SANDBOX-{number:04}"));
    invoice["status"] = json!("open");
    invoice["hosted_invoice_url"] = json!(format!("https://invoice.stripe.com/i/{id}"));
    invoice["invoice_pdf"] = json!(format!("https://pay.stripe.com/invoice/{id}/pdf"));
    Ok(Reply::changed(invoice))
}

/// `POST /v1/invoices/{id}/pay`: takes what is due; a card that declines leaves it open.
pub(super) fn pay(world: &mut World, id: &str, params: &Value, at: At) -> Result<Reply, StripeError> {
    only(params, &["expand", "forgive", "mandate", "off_session", "paid_out_of_band", "payment_method", "source"])?;
    let customer = world.stripe.invoice(id)?["customer"].as_str().unwrap_or_default().to_owned();
    let declines = world.stripe.customer(&customer)?.card_declines;
    let invoice = found(world, id)?;
    let refused = |message: &str, code| Err(StripeError::conflicting(code, message));
    match invoice["status"].as_str() {
        Some("paid") => return refused("Invoice is already paid", "invoice_already_paid"),
        Some("open" | "draft") => {}
        Some(_) | None => return refused("This invoice can no longer be paid.", "invoice_not_payable"),
    }
    if declines {
        return Err(StripeError::declined());
    }
    invoice["amount_paid"] = invoice["amount_due"].clone();
    invoice["amount_remaining"] = json!(0);
    invoice["status"] = json!("paid");
    invoice["status_transitions"] = json!({ "paid_at": at.seconds() });
    Ok(Reply::changed(invoice))
}

/// `POST /v1/invoices/{id}/void`: an open one is no longer owed.
pub(super) fn void(world: &mut World, id: &str) -> Result<Reply, StripeError> {
    let invoice = found(world, id)?;
    if invoice["status"] != "open" {
        let message = "You can only void an open invoice.";
        return Err(StripeError::conflicting("invoice_not_voidable", message));
    }
    invoice["status"] = json!("void");
    Ok(Reply::changed(invoice))
}

fn found<'a>(world: &'a mut World, id: &str) -> Result<&'a mut Value, StripeError> {
    let found = world.stripe.invoices.iter_mut().rev().find(|invoice| invoice["id"] == id);
    found.ok_or_else(|| StripeError::missing("invoice", id))
}

fn not_editable(id: &str) -> StripeError {
    StripeError::conflicting("invoice_not_editable", format!("The invoice {id} is not a draft."))
}
