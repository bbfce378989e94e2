//! `countersign demo --script`: the example on every path, held against the sandbox's own records.

use super::{
    Demo,
    outside::Outside,
    paths::{self, Chat},
};
use crate::{
    client::told,
    output::{self, Exit},
    timeline::timeline,
};
use countersign_api::{AuditVerifyResponse, Decided, LinkDecisionRequest, RunDetail, RunStatus};
use serde_json::json;

/// One path that was played.
struct Played {
    title: &'static str,
    run: RunDetail,
    last_words: String,
}

/// One thing that must hold.
struct Finding {
    what: String,
    holds: bool,
}

/// What the manager is shown.
const AMOUNT_SHOWN: &str = "$42.60";
/// The same in cents, as the payment service counts.
const AMOUNT_CENTS: u64 = 4260;

/// Plays every path; the answer is no unless everything holds.
pub(crate) async fn run(demo: &Demo, as_json: bool) -> anyhow::Result<Exit> {
    let mut findings = Findings(Vec::new());
    let timeout = timeout(demo).await?;
    let approved = approved(demo, &mut findings).await?;
    let rejected = rejected(demo, &mut findings).await?;
    let not_eligible = not_eligible(demo).await?;
    let timeout = timeout.finish(demo).await?;
    let played = [approved, rejected, timeout, not_eligible];
    check(demo, &played, &mut findings).await?;
    let mut played = Vec::from(played);
    for (title, who, email) in CHANNELS {
        played.push(on_channel(demo, title, (who, email), &mut findings).await?);
    }
    let good = findings.0.iter().all(|finding| finding.holds);
    if as_json {
        let runs: Vec<_> = played.iter().map(|played| json!({ "path": played.title, "run": played.run })).collect();
        let findings: Vec<_> =
            findings.0.iter().map(|finding| json!({ "what": finding.what, "holds": finding.holds })).collect();
        output::json(&json!({ "good": good, "paths": runs, "findings": findings }))?;
    } else {
        played.iter().for_each(print);
        output::line("Against the records of the sandbox:");
        for Finding { what, holds } in &findings.0 {
            output::line(format!("  {} {what}", if *holds { "ok  " } else { "FAIL" }));
        }
    }
    Ok(if good { Exit::Good } else { Exit::No })
}

struct Findings(Vec<Finding>);

impl Findings {
    fn expect(&mut self, what: impl Into<String>, holds: bool) {
        self.0.push(Finding { what: what.into(), holds });
    }
}

fn print(played: &Played) {
    output::line(format!("{} — {}", played.title, played.run.summary.status));
    for line in timeline(&played.run.steps) {
        output::line(format!("  {line}"));
    }
    output::line(format!("  the customer reads: {}\n", played.last_words));
}

async fn approved(demo: &Demo, findings: &mut Findings) -> anyhow::Result<Played> {
    let chat = Chat::open(demo).await?;
    let run = paths::ask(&chat, "ada@example.com").await?;
    let (approval, summary) = paths::approval(demo, &run).await?;
    findings.expect(format!("the manager is asked about {AMOUNT_SHOWN}: {summary}"), summary.contains(AMOUNT_SHOWN));
    paths::decide(demo, &approval, "approved", "").await?;
    let second = paths::decide(demo, &approval, "rejected", "").await;
    findings.expect("a second decision is refused", second.is_err());
    finish(demo, "Approved", &chat, &run).await
}

/// The manager decides with the link of their e-mail, without signing in.
async fn rejected(demo: &Demo, findings: &mut Findings) -> anyhow::Result<Played> {
    let chat = Chat::open(demo).await?;
    let run = paths::ask(&chat, "grace@example.com").await?;
    let (approval, _) = paths::approval(demo, &run).await?;
    let token = paths::link(demo, &approval).await?;
    let comment = Some("please renew your contract first".to_owned());
    let decision = LinkDecisionRequest { outcome: "rejected".to_owned(), comment, password: None };
    let decide = || demo.visitor.post(&["links", &token, "decision"]).json(&decision).send();
    let by = told::<Decided>(&decide().await?)?.decided_by;
    let by_link = by.is_some_and(|by| by.via.as_deref() == Some("link") && by.name == "Manager Example");
    findings.expect("the link in the manager's e-mail decides as the manager", by_link);
    findings.expect("it does so once", decide().await.is_err());
    finish(demo, "Rejected", &chat, &run).await
}

async fn not_eligible(demo: &Demo) -> anyhow::Result<Played> {
    let chat = Chat::open(demo).await?;
    let run = paths::ask(&chat, "edsger@example.com").await?;
    finish(demo, "Not eligible", &chat, &run).await
}

/// Customers who use no chat: the path, their channel and address there, their account.
const CHANNELS: [(&str, (&str, &str), &str); 4] = [
    ("By WhatsApp", ("whatsapp", "+15555550105"), "frances@example.com"),
    ("By Telegram", ("telegram", "7001"), "customer1@example.com"),
    ("By SMS", ("sms", "+15555551002"), "customer2@example.com"),
    ("By e-mail", ("email", "customer3@example.com"), "customer3@example.com"),
];

/// Asked, answered and told on a channel; each message is posted twice and counts once.
async fn on_channel(
    demo: &Demo,
    title: &'static str,
    (who, email): ((&str, &str), &str),
    findings: &mut Findings,
) -> anyhow::Result<Played> {
    let run = paths::ask_on(demo, who, email).await?;
    let (approval, _) = paths::approval(demo, &run).await?;
    paths::decide(demo, &approval, "rejected", "next month").await?;
    let last_words = paths::reads(demo, who, "next month").await?;
    let run = paths::ended(demo, &run).await?;
    findings.expect(format!("{title}: asked, answered and told there"), run.summary.status == RunStatus::Rejected);
    Ok(Played { title, run, last_words })
}

/// A run whose deadline passes while the others are played.
struct Waiting<'a> {
    chat: Chat<'a>,
    run: String,
}

async fn timeout(demo: &Demo) -> anyhow::Result<Waiting<'_>> {
    let chat = Chat::open(demo).await?;
    let run = paths::ask_with_short_deadline(&chat, "barbara@example.com").await?;
    Ok(Waiting { chat, run })
}

impl Waiting<'_> {
    async fn finish(self, demo: &Demo) -> anyhow::Result<Played> {
        finish(demo, "Nobody decides", &self.chat, &self.run).await
    }
}

async fn finish(demo: &Demo, title: &'static str, chat: &Chat<'_>, run: &str) -> anyhow::Result<Played> {
    let run = paths::ended(demo, run).await?;
    Ok(Played { title, last_words: chat.last_words().await?, run })
}

async fn check(demo: &Demo, played: &[Played; 4], findings: &mut Findings) -> anyhow::Result<()> {
    let outside = Outside::new(&demo.sandbox_url)?;
    let update = "stripe.subscription.update";
    let [approved, rejected, timeout, not_eligible] = played;
    findings.expect("the approved run completed", approved.run.summary.status == RunStatus::Completed);
    for other in [rejected, timeout, not_eligible] {
        findings.expect(
            format!("{}: the run ended as rejected", other.title),
            other.run.summary.status == RunStatus::Rejected,
        );
    }
    let updates = outside.calls(update, "").await?;
    let executed = updates.iter().filter(|call| call["executed"] == true).count();
    findings.expect(format!("exactly one subscription was changed ({executed})"), executed == 1 && updates.len() == 1);
    let ada = outside.subscription("sub_ada").await?;
    let charged = ada["latest_invoice"]["amount_due"].as_u64();
    let right = ada["plan"] == "enterprise" && charged == Some(AMOUNT_CENTS);
    findings.expect(format!("it was charged what was previewed ({charged:?} cents)"), right);
    for (who, phone) in [("grace", "+15555550102"), ("edsger", "+15555550103"), ("barbara", "+15555550104")] {
        let calls = outside.calls(update, &format!("sub_{who}")).await?.len();
        let told = outside.messages("whatsapp", phone).await? + outside.messages("email", phone).await?;
        findings.expect(format!("nothing was changed for or confirmed to {who}"), calls + told == 0);
    }
    let whatsapp = outside.messages("whatsapp", "+15555550101").await?;
    let mails = outside.messages("email", "ada@example.com").await?;
    findings.expect(format!("one WhatsApp message and one e-mail ({whatsapp}, {mails})"), (whatsapp, mails) == (1, 1));
    let reason = "please renew your contract first";
    findings.expect("the rejected customer is told why", rejected.last_words.contains(reason));
    findings.expect("who waited in vain is told so", timeout.last_words.contains("in time"));
    findings.expect("who is not eligible is told so", not_eligible.last_words.contains("already on Enterprise"));
    let AuditVerifyResponse { entries, ok, .. } = told(&demo.admin.get(&["audit", "verify"]).send().await?)?;
    findings.expect(format!("the audit trail is whole ({entries} entries)"), ok);
    Ok(())
}
