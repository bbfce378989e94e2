//! What Stripe can be asked for here.

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// `POST /v1/invoices/create_preview`
    InvoicePreview,
    /// `POST /v1/invoices`
    InvoiceCreate,
    /// `GET /v1/invoices/{id}`
    InvoiceGet,
    /// `GET /v1/invoices`
    InvoiceList,
    /// `POST /v1/invoices/{id}/finalize`
    InvoiceFinalize,
    /// `POST /v1/invoices/{id}/pay`
    InvoicePay,
    /// `POST /v1/invoices/{id}/void`
    InvoiceVoid,
    /// `POST /v1/invoiceitems`
    InvoiceItemCreate,
    /// `GET /v1/subscriptions/{id}`
    SubscriptionGet,
    /// `GET /v1/subscriptions`
    SubscriptionList,
    /// `POST /v1/subscriptions/{id}`
    SubscriptionUpdate,
    /// `POST /v1/subscriptions/{id}/resume`
    SubscriptionResume,
    /// `DELETE /v1/subscriptions/{id}`
    SubscriptionCancel,
    /// `POST /v1/customers`
    CustomerCreate,
    /// `GET /v1/customers/{id}`
    CustomerGet,
    /// `GET /v1/customers`
    CustomerList,
    /// `POST /v1/customers/{id}`
    CustomerUpdate,
    /// `POST /v1/customers/{id}/balance_transactions`
    BalanceAdjust,
    /// `GET /v1/customers/{id}/balance_transactions`
    BalanceList,
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
    /// `POST /v1/payment_intents`
    PaymentCreate,
    /// `GET /v1/payment_intents/{id}`
    PaymentGet,
    /// `GET /v1/payment_intents`
    PaymentList,
    /// `POST /v1/payment_intents/{id}/confirm`
    PaymentConfirm,
    /// `POST /v1/payment_intents/{id}/cancel`
    PaymentCancel,
    /// `POST /v1/coupons`
    CouponCreate,
    /// `GET /v1/coupons`
    CouponList,
    /// `POST /v1/checkout/sessions`
    CheckoutCreate,
    /// `GET /v1/checkout/sessions/{id}`
    CheckoutGet,
    /// `GET /v1/prices`
    PriceList,
}

impl Op {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::InvoicePreview => "stripe.invoice.create_preview",
            Self::InvoiceCreate => "stripe.invoice.create",
            Self::InvoiceGet => "stripe.invoice.get",
            Self::InvoiceList => "stripe.invoice.list",
            Self::InvoiceFinalize => "stripe.invoice.finalize",
            Self::InvoicePay => "stripe.invoice.pay",
            Self::InvoiceVoid => "stripe.invoice.void",
            Self::InvoiceItemCreate => "stripe.invoice_item.create",
            Self::SubscriptionGet => "stripe.subscription.get",
            Self::SubscriptionList => "stripe.subscription.list",
            Self::SubscriptionUpdate => "stripe.subscription.update",
            Self::SubscriptionResume => "stripe.subscription.resume",
            Self::SubscriptionCancel => "stripe.subscription.cancel",
            Self::CustomerCreate => "stripe.customer.create",
            Self::CustomerGet => "stripe.customer.get",
            Self::CustomerList => "stripe.customer.list",
            Self::CustomerUpdate => "stripe.customer.update",
            Self::BalanceAdjust => "stripe.balance.adjust",
            Self::BalanceList => "stripe.balance.list",
            Self::RefundCreate => "stripe.refund.create",
            Self::RefundGet => "stripe.refund.get",
            Self::RefundList => "stripe.refund.list",
            Self::ChargeGet => "stripe.charge.get",
            Self::ChargeList => "stripe.charge.list",
            Self::PaymentCreate => "stripe.payment_intent.create",
            Self::PaymentGet => "stripe.payment_intent.get",
            Self::PaymentList => "stripe.payment_intent.list",
            Self::PaymentConfirm => "stripe.payment_intent.confirm",
            Self::PaymentCancel => "stripe.payment_intent.cancel",
            Self::CouponCreate => "stripe.coupon.create",
            Self::CouponList => "stripe.coupon.list",
            Self::CheckoutCreate => "stripe.checkout_session.create",
            Self::CheckoutGet => "stripe.checkout_session.get",
            Self::PriceList => "stripe.price.list",
        }
    }

    /// The id in its path: the last segment, or the one before a verb or a list of its own.
    pub(super) fn id<'a>(self, segments: &[&'a str]) -> &'a str {
        match self {
            Self::InvoiceFinalize
            | Self::InvoicePay
            | Self::InvoiceVoid
            | Self::SubscriptionResume
            | Self::BalanceAdjust
            | Self::BalanceList
            | Self::PaymentConfirm
            | Self::PaymentCancel => segments.iter().rev().nth(1).copied().unwrap_or_default(),
            Self::InvoicePreview
            | Self::InvoiceCreate
            | Self::InvoiceGet
            | Self::InvoiceList
            | Self::InvoiceItemCreate
            | Self::SubscriptionGet
            | Self::SubscriptionList
            | Self::SubscriptionUpdate
            | Self::SubscriptionCancel
            | Self::CustomerCreate
            | Self::CustomerGet
            | Self::CustomerList
            | Self::CustomerUpdate
            | Self::RefundCreate
            | Self::RefundGet
            | Self::RefundList
            | Self::ChargeGet
            | Self::ChargeList
            | Self::PaymentCreate
            | Self::PaymentGet
            | Self::PaymentList
            | Self::CouponCreate
            | Self::CouponList
            | Self::CheckoutCreate
            | Self::CheckoutGet
            | Self::PriceList => segments.last().copied().unwrap_or_default(),
        }
    }
}

pub(crate) fn route(method: &str, segments: &[&str]) -> Option<Op> {
    match (method, segments) {
        ("POST", ["v1", "invoices", "create_preview"]) => Some(Op::InvoicePreview),
        ("POST", ["v1", "invoices"]) => Some(Op::InvoiceCreate),
        ("GET", ["v1", "invoices"]) => Some(Op::InvoiceList),
        ("POST", ["v1", "invoiceitems"]) => Some(Op::InvoiceItemCreate),
        ("GET", ["v1", "subscriptions"]) => Some(Op::SubscriptionList),
        ("POST", ["v1", "customers"]) => Some(Op::CustomerCreate),
        ("GET", ["v1", "customers"]) => Some(Op::CustomerList),
        ("POST", ["v1", "refunds"]) => Some(Op::RefundCreate),
        ("GET", ["v1", "refunds"]) => Some(Op::RefundList),
        ("GET", ["v1", "charges"]) => Some(Op::ChargeList),
        ("POST", ["v1", "payment_intents"]) => Some(Op::PaymentCreate),
        ("GET", ["v1", "payment_intents"]) => Some(Op::PaymentList),
        ("POST", ["v1", "coupons"]) => Some(Op::CouponCreate),
        ("GET", ["v1", "coupons"]) => Some(Op::CouponList),
        ("POST", ["v1", "checkout", "sessions"]) => Some(Op::CheckoutCreate),
        ("GET", ["v1", "prices"]) => Some(Op::PriceList),
        ("GET", ["v1", "invoices", _]) => Some(Op::InvoiceGet),
        ("POST", ["v1", "invoices", _, "finalize"]) => Some(Op::InvoiceFinalize),
        ("POST", ["v1", "invoices", _, "pay"]) => Some(Op::InvoicePay),
        ("POST", ["v1", "invoices", _, "void"]) => Some(Op::InvoiceVoid),
        ("GET", ["v1", "subscriptions", _]) => Some(Op::SubscriptionGet),
        ("POST", ["v1", "subscriptions", _]) => Some(Op::SubscriptionUpdate),
        ("POST", ["v1", "subscriptions", _, "resume"]) => Some(Op::SubscriptionResume),
        ("DELETE", ["v1", "subscriptions", _]) => Some(Op::SubscriptionCancel),
        ("GET", ["v1", "customers", _]) => Some(Op::CustomerGet),
        ("POST", ["v1", "customers", _]) => Some(Op::CustomerUpdate),
        ("POST", ["v1", "customers", _, "balance_transactions"]) => Some(Op::BalanceAdjust),
        ("GET", ["v1", "customers", _, "balance_transactions"]) => Some(Op::BalanceList),
        ("GET", ["v1", "refunds", _]) => Some(Op::RefundGet),
        ("GET", ["v1", "charges", _]) => Some(Op::ChargeGet),
        ("GET", ["v1", "payment_intents", _]) => Some(Op::PaymentGet),
        ("POST", ["v1", "payment_intents", _, "confirm"]) => Some(Op::PaymentConfirm),
        ("POST", ["v1", "payment_intents", _, "cancel"]) => Some(Op::PaymentCancel),
        ("GET", ["v1", "checkout", "sessions", _]) => Some(Op::CheckoutGet),
        (_, _) => None,
    }
}
