//! What Shopify can be asked for here.

use super::graphql::{call_of, selects};
use crate::wire::request::Request;

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// `query { order(id:) }`, with what is to be sent and what would be refunded
    OrderGet,
    /// `query { orders(query: "name:…") }`, by name or e-mail
    OrderFind,
    /// `mutation { orderCancel(…) }`
    OrderCancel,
    /// `mutation { orderUpdate(input:) }`, the shipping address only
    OrderUpdate,
    /// `mutation { tagsAdd(…) }`
    TagsAdd,
    /// `mutation { refundCreate(…) @idempotent(key:) }`
    RefundCreate,
    /// `query { job(…) }`
    JobGet,
    /// `mutation { orderEditBegin(…) }`
    EditBegin,
    /// `mutation { orderEditAddVariant(…) }`
    EditAddVariant,
    /// `mutation { orderEditSetQuantity(…) }`
    EditSetQuantity,
    /// `mutation { orderEditCommit(…) }`
    EditCommit,
    /// `query { node(id:) }`, of an order's edit
    EditGet,
    /// `query { customer(…) }`
    CustomerGet,
    /// `query { customerByIdentifier(…) }`
    CustomerFind,
    /// `mutation { customerUpdate(…) }`
    CustomerUpdate,
    /// `query { products(…) }`
    ProductFind,
    /// `query { fulfillmentOrder(…) }`
    FulfillmentOrderGet,
    /// `mutation { fulfillmentCreate(…) }`
    FulfillmentCreate,
    /// `mutation { draftOrderCreate(…) }`
    DraftCreate,
    /// `query { draftOrder(…) }`
    DraftGet,
    /// `mutation { draftOrderComplete(…) }`
    DraftComplete,
    /// `query { shop { … } }`
    ShopGet,
    /// Any other document.
    Other,
}

/// What has a field with arguments.
const ALL: [Op; 21] = [
    Op::OrderGet,
    Op::OrderFind,
    Op::OrderCancel,
    Op::OrderUpdate,
    Op::TagsAdd,
    Op::RefundCreate,
    Op::JobGet,
    Op::EditBegin,
    Op::EditAddVariant,
    Op::EditSetQuantity,
    Op::EditCommit,
    Op::EditGet,
    Op::CustomerGet,
    Op::CustomerFind,
    Op::CustomerUpdate,
    Op::ProductFind,
    Op::FulfillmentOrderGet,
    Op::FulfillmentCreate,
    Op::DraftCreate,
    Op::DraftGet,
    Op::DraftComplete,
];

impl Op {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OrderGet => "shopify.order.get",
            Self::OrderFind => "shopify.order.find",
            Self::OrderCancel => "shopify.order.cancel",
            Self::OrderUpdate => "shopify.order.update",
            Self::TagsAdd => "shopify.tags.add",
            Self::RefundCreate => "shopify.refund.create",
            Self::JobGet => "shopify.job.get",
            Self::EditBegin => "shopify.order_edit.begin",
            Self::EditAddVariant => "shopify.order_edit.add_variant",
            Self::EditSetQuantity => "shopify.order_edit.set_quantity",
            Self::EditCommit => "shopify.order_edit.commit",
            Self::EditGet => "shopify.order_edit.get",
            Self::CustomerGet => "shopify.customer.get",
            Self::CustomerFind => "shopify.customer.find",
            Self::CustomerUpdate => "shopify.customer.update",
            Self::ProductFind => "shopify.product.find",
            Self::FulfillmentOrderGet => "shopify.fulfillment_order.get",
            Self::FulfillmentCreate => "shopify.fulfillment.create",
            Self::DraftCreate => "shopify.draft_order.create",
            Self::DraftGet => "shopify.draft_order.get",
            Self::DraftComplete => "shopify.draft_order.complete",
            Self::ShopGet => "shopify.shop.get",
            Self::Other => "shopify.graphql.other",
        }
    }

    /// The field that is asked for.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::OrderGet => "order",
            Self::OrderFind => "orders",
            Self::OrderCancel => "orderCancel",
            Self::OrderUpdate => "orderUpdate",
            Self::TagsAdd => "tagsAdd",
            Self::RefundCreate => "refundCreate",
            Self::JobGet => "job",
            Self::EditBegin => "orderEditBegin",
            Self::EditAddVariant => "orderEditAddVariant",
            Self::EditSetQuantity => "orderEditSetQuantity",
            Self::EditCommit => "orderEditCommit",
            Self::EditGet => "node",
            Self::CustomerGet => "customer",
            Self::CustomerFind => "customerByIdentifier",
            Self::CustomerUpdate => "customerUpdate",
            Self::ProductFind => "products",
            Self::FulfillmentOrderGet => "fulfillmentOrder",
            Self::FulfillmentCreate => "fulfillmentCreate",
            Self::DraftCreate => "draftOrderCreate",
            Self::DraftGet => "draftOrder",
            Self::DraftComplete => "draftOrderComplete",
            Self::ShopGet => "shop",
            Self::Other => "",
        }
    }
}

pub(crate) fn route(method: &str, segments: &[&str], request: &Request) -> Option<Op> {
    let (("POST", ["admin", "api", _, "graphql.json"]), Some(body)) = ((method, segments), request.json()) else {
        return None;
    };
    let query = body["query"].as_str().unwrap_or_default();
    let found = ALL.into_iter().find(|op| call_of(query, op.field()).is_some());
    let without_arguments = if selects(query, "shop") { Op::ShopGet } else { Op::Other };
    Some(found.unwrap_or(without_arguments))
}
