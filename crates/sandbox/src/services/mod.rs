//! The services: one file each. This file names every operation and says how each service words its errors.

pub(crate) mod customer;
pub(crate) mod identity;
pub(crate) mod keyed;
pub(crate) mod oauth;
pub(crate) mod rest;
pub(crate) mod shopify;
pub(crate) mod slack;
pub(crate) mod smtp_sink;
pub(crate) mod stripe;
pub(crate) mod telegram;
pub(crate) mod twilio;
pub(crate) mod whatsapp;
pub(crate) mod world;

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::{
    memory::ledger::Called,
    wire::{reply::Reply, request::Request},
};

/// A service whose path prefix was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// `/identity`
    Identity,
    /// `/stripe`
    Stripe,
    /// `/whatsapp`
    WhatsApp,
    /// `/telegram`
    Telegram,
    /// `/twilio`
    Twilio,
    /// `/slack`
    Slack,
    /// `/shopify`
    Shopify,
    /// `/oauth`
    Oauth,
    /// `/rest`
    Rest,
    /// The SMTP port.
    Smtp,
}

/// What a call asks a service to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Look a customer up by e-mail address.
    IdentityVerify,
    /// See [`stripe::Op`].
    Stripe(stripe::Op),
    /// See [`whatsapp::Op`].
    WhatsApp(whatsapp::Op),
    /// See [`telegram::Op`].
    Telegram(telegram::Op),
    /// See [`twilio::Op`].
    Twilio(twilio::Op),
    /// See [`slack::Op`].
    Slack(slack::Op),
    /// See [`shopify::Op`].
    Shopify(shopify::Op),
    /// See [`oauth::Op`].
    Oauth(oauth::Op),
    /// See [`rest::Op`].
    Rest(rest::Op),
    /// Take a mail in.
    MailReceive,
    /// A path the service does not have.
    Unknown(Service),
}

impl Operation {
    /// The operation a request asks for; `None` when no service has that prefix.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let segments = request.segments();
        let (prefix, rest) = segments.split_first()?;
        let method = request.method.as_str();
        let found = match *prefix {
            "identity" => {
                (method == "POST" && rest == ["verify"]).then_some(Self::IdentityVerify).ok_or(Service::Identity)
            }
            "stripe" => stripe::route(method, rest).map(Self::Stripe).ok_or(Service::Stripe),
            "whatsapp" => whatsapp::route(method, rest).map(Self::WhatsApp).ok_or(Service::WhatsApp),
            "telegram" => telegram::route(rest).map(Self::Telegram).ok_or(Service::Telegram),
            "twilio" => twilio::route(method, rest).map(Self::Twilio).ok_or(Service::Twilio),
            "slack" => slack::route(rest).map(Self::Slack).ok_or(Service::Slack),
            "shopify" => shopify::route(method, rest, request).map(Self::Shopify).ok_or(Service::Shopify),
            "oauth" => oauth::route(method, rest).map(Self::Oauth).ok_or(Service::Oauth),
            "rest" => Ok(Self::Rest(rest::route(method))),
            _ => return None,
        };
        Some(found.unwrap_or_else(Self::Unknown))
    }

    fn of_service(self) -> Service {
        match self {
            Self::IdentityVerify => Service::Identity,
            Self::Stripe(_) => Service::Stripe,
            Self::WhatsApp(_) => Service::WhatsApp,
            Self::Telegram(_) => Service::Telegram,
            Self::Twilio(_) => Service::Twilio,
            Self::Slack(_) => Service::Slack,
            Self::Shopify(_) => Service::Shopify,
            Self::Oauth(_) => Service::Oauth,
            Self::Rest(_) => Service::Rest,
            Self::MailReceive => Service::Smtp,
            Self::Unknown(service) => service,
        }
    }

    /// As faults and the record name the service.
    pub(crate) fn service(self) -> &'static str {
        match self.of_service() {
            Service::Identity => "identity",
            Service::Stripe => "stripe",
            Service::WhatsApp => "whatsapp",
            Service::Telegram => "telegram",
            Service::Twilio => "twilio",
            Service::Slack => "slack",
            Service::Shopify => "shopify",
            Service::Oauth => "oauth",
            Service::Rest => "rest",
            Service::Smtp => "smtp",
        }
    }

    /// As faults and the record name the operation: `<service>.<thing>.<verb>`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::IdentityVerify => "identity.verify",
            Self::Stripe(op) => op.name(),
            Self::WhatsApp(op) => op.name(),
            Self::Telegram(op) => op.name(),
            Self::Twilio(op) => op.name(),
            Self::Slack(op) => op.name(),
            Self::Shopify(op) => op.name(),
            Self::Oauth(op) => op.name(),
            Self::Rest(op) => op.name(),
            Self::MailReceive => "smtp.mail.receive",
            Self::Unknown(service) => match service {
                Service::Identity => "identity.unknown",
                Service::Stripe => "stripe.unknown",
                Service::WhatsApp => "whatsapp.unknown",
                Service::Telegram => "telegram.unknown",
                Service::Twilio => "twilio.unknown",
                Service::Slack => "slack.unknown",
                Service::Shopify => "shopify.unknown",
                Service::Oauth => "oauth.unknown",
                Service::Rest => "rest.unknown",
                Service::Smtp => "smtp.unknown",
            },
        }
    }

    /// This call for the record.
    pub(crate) fn called(self, request: &Request) -> Called {
        let (service, operation) = (self.service(), self.name());
        Called { service, operation, key: self.key(request), path: self.shown_path(request) }
    }

    /// The key that names this call: the service's own place for one, else the `Idempotency-Key` header.
    pub(crate) fn key(self, request: &Request) -> Option<String> {
        let own = match self {
            Self::Shopify(_) => shopify::key(request),
            Self::WhatsApp(_) => whatsapp::key(request),
            Self::IdentityVerify
            | Self::Stripe(_)
            | Self::Telegram(_)
            | Self::Twilio(_)
            | Self::Slack(_)
            | Self::Oauth(_)
            | Self::Rest(_)
            | Self::MailReceive
            | Self::Unknown(_) => None,
        };
        own.or_else(|| request.idempotency_key().map(str::to_owned))
    }

    /// The path for the record, without the bot token Telegram keeps in it.
    pub(crate) fn shown_path(self, request: &Request) -> String {
        if self.of_service() != Service::Telegram {
            return request.path.clone();
        }
        let method = request.segments().last().copied().unwrap_or_default().to_owned();
        format!("/telegram/bot***/{method}")
    }

    /// The answer of a service that is broken.
    pub(crate) fn broken(self, status: StatusCode) -> Reply {
        Reply::refused(status, &self.error(status, "The sandbox was told to fail this call."))
    }

    /// The answer to a path the service does not have.
    pub(crate) fn unknown(self) -> Reply {
        Reply::refused(StatusCode::NOT_FOUND, &self.error(StatusCode::NOT_FOUND, "The sandbox has no such endpoint."))
    }

    /// The service's way of saying "too many requests".
    pub(crate) fn throttled(self, status: Option<StatusCode>, retry_after_seconds: u64) -> Reply {
        let service = self.of_service();
        let usual = match service {
            // Sources differ on whether a GraphQL throttle is a 200 or a 429; order `status: 429` to see the other one.
            Service::Shopify => StatusCode::OK,
            Service::Identity
            | Service::Stripe
            | Service::WhatsApp
            | Service::Telegram
            | Service::Twilio
            | Service::Slack
            | Service::Oauth
            | Service::Rest
            | Service::Smtp => StatusCode::TOO_MANY_REQUESTS,
        };
        let status = status.unwrap_or(usual);
        let mut body = self.error(StatusCode::TOO_MANY_REQUESTS, "Too many requests.");
        match service {
            Service::Telegram => {
                body["description"] = json!(format!("Too Many Requests: retry after {retry_after_seconds}"));
                body["parameters"] = json!({ "retry_after": retry_after_seconds });
            }
            Service::Shopify => body["extensions"] = shopify::cost(0),
            Service::Identity
            | Service::Stripe
            | Service::WhatsApp
            | Service::Twilio
            | Service::Slack
            | Service::Oauth
            | Service::Rest
            | Service::Smtp => {}
        }
        Reply::refused(status, &body).with_header("retry-after", retry_after_seconds.to_string())
    }

    fn error(self, status: StatusCode, message: &str) -> Value {
        match self.of_service() {
            Service::Stripe => stripe::error::body(status, message),
            Service::WhatsApp => whatsapp::error_body(whatsapp::code_for(status), message, None),
            Service::Telegram => telegram::error_body(status, message),
            Service::Twilio => twilio::error_body(twilio::code_for(status), message, status),
            Service::Slack => slack::error_body(slack::code_for(status)),
            Service::Shopify => shopify::error_body(shopify::code_for(status), message),
            Service::Oauth => oauth::error_body(oauth::code_for(status), message),
            Service::Identity | Service::Rest | Service::Smtp => plain_error(code_for(status), message),
        }
    }
}

/// The error shape of the services that are not modelled on anybody's.
pub(crate) fn plain_error(code: &str, message: &str) -> Value {
    json!({ "error": { "code": code, "message": message } })
}

fn code_for(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "unauthorized",
        404 => "not_found",
        409 => "conflict",
        429 => "rate_limited",
        500.. => "internal_error",
        _ => "invalid",
    }
}
