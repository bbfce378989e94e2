//! Whom an approval's policy lets decide, and when enough of them have.

use super::Contributors;
use crate::{
    document::Approvers,
    run::{Actor, Verdict},
};

/// Workspace roles that may decide when the policy names nobody.
pub(super) const OPERATING: [&str; 3] = ["operator", "builder", "admin"];

/// The most roles or groups that [`Approvers::counts`] names.
pub const COUNTED_MAX: usize = 10;

/// A policy and what it is held against.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The policy.
    pub approvers: &'a Approvers,
    /// Roles, groups or e-mail addresses added while it waited.
    pub added: [&'a [String]; 2],
    /// Who had a hand in the run.
    pub contributors: &'a Contributors,
    /// Who published the version.
    pub author: Option<&'a str>,
}

impl Case<'_> {
    /// Why `actor` may not say this; nothing when they may.
    #[must_use]
    pub fn why_not(&self, actor: &Actor, verdict: Verdict) -> Option<String> {
        let Self { approvers, added, contributors, author } = self;
        let vetoes = verdict == Verdict::Rejected && names(&approvers.veto, actor);
        if !(vetoes || lets(approvers, actor) || added.iter().any(|added| names(added, actor))) {
            return Some(format!("this needs {}", wanted(approvers)));
        }
        if approvers.exclude_requester && contributors.includes(actor) {
            return Some("who asked for it or had a hand in it may not approve it".into());
        }
        if approvers.exclude_author && author.is_some_and(|author| actor.people().any(|person| person == author)) {
            return Some("who published this version may not approve what it does".into());
        }
        None
    }
}

/// Whether the policy lets them approve, by what they are.
fn lets(approvers: &Approvers, actor: &Actor) -> bool {
    let Approvers { roles, users, counts, .. } = approvers;
    let has = |role: &String| actor.counted_roles().contains(role);
    if everybody_who_operates(approvers) {
        return OPERATING.iter().any(|role| actor.counted_roles().iter().any(|had| had == role));
    }
    roles.iter().chain(counts.keys()).any(has)
        || users.iter().any(|email| email.eq_ignore_ascii_case(actor.counted_email()))
}

/// Whether it names nobody, so that everybody who operates decides.
pub(super) fn everybody_who_operates(approvers: &Approvers) -> bool {
    approvers.roles.is_empty() && approvers.users.is_empty() && approvers.counts.is_empty()
}

/// Whether they have a role that operates, themselves.
pub(crate) fn operates(actor: &Actor) -> bool {
    OPERATING.iter().any(|role| actor.roles.iter().any(|had| had == role))
}

/// Whether their role, a group or the address of theirs is named.
#[must_use]
pub fn names(named: &[String], actor: &Actor) -> bool {
    named.iter().any(|name| {
        actor.counted_roles().contains(name) || (name.contains('@') && name.eq_ignore_ascii_case(actor.counted_email()))
    })
}

fn wanted(approvers: &Approvers) -> String {
    let all = approvers.roles.iter().chain(approvers.counts.keys()).chain(&approvers.users);
    let mut parts: Vec<&str> = Vec::new();
    for part in all {
        if !parts.contains(&part.as_str()) {
            parts.push(part);
        }
    }
    if parts.is_empty() { "the operator role".into() } else { parts.join(" or ") }
}

/// What a policy lacks of certain people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// The roles or groups; empty for any of the approvers.
    pub of: Vec<String>,
    /// How many people of them it takes.
    pub needed: usize,
    /// How many there are.
    pub found: usize,
}

impl Shortage {
    /// How many more it takes, and of whom.
    #[must_use]
    pub fn told(&self) -> String {
        let more = self.needed.saturating_sub(self.found);
        let people = if more == 1 { "1 more person".to_owned() } else { format!("{more} more people") };
        if self.of.is_empty() { people } else { format!("{people} of {}", self.of.join(" or ")) }
    }
}

/// The largest thing that is missing when these people approve, `spare` of whom may turn out unable; nothing when the policy
/// is satisfied. Each person counts for one of the roles or groups that [`Approvers::counts`] names: by Hall's theorem that
/// can be arranged when every set of them is had by as many people as it takes.
#[must_use]
pub fn shortage<'a>(
    approvers: &Approvers,
    people: impl IntoIterator<Item = &'a Actor>,
    spare: usize,
) -> Option<Shortage> {
    let counted: Vec<(&String, usize)> =
        approvers.counts.iter().take(COUNTED_MAX).map(|(name, count)| (name, *count as usize)).collect();
    let had = |actor: &Actor| -> u32 {
        let has = counted.iter().enumerate().filter(|(_, (name, _))| actor.counted_roles().contains(name));
        has.map(|(bit, _)| 1 << bit).sum()
    };
    let had: Vec<u32> = people.into_iter().map(had).collect();
    let mut worst: Option<Shortage> = None;
    let mut look = |of: Vec<String>, needed: usize, found: usize| {
        let lacks = |shortage: &Shortage| shortage.needed - shortage.found;
        if found < needed && worst.as_ref().is_none_or(|worst| lacks(worst) < needed - found) {
            worst = Some(Shortage { of, needed, found });
        }
    };
    for set in 1..1_u32 << counted.len() {
        let of = counted.iter().enumerate().filter(|(bit, _)| set & (1 << bit) != 0).map(|(_, counted)| counted);
        let needed: usize = of.clone().map(|(_, count)| count).sum();
        let found = had.iter().filter(|had| *had & set != 0).count().saturating_sub(spare);
        if found < needed {
            look(of.map(|(name, _)| (*name).clone()).collect(), needed, found);
        }
    }
    look(Vec::new(), approvers.quorum as usize, had.len().saturating_sub(spare));
    worst
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Via;

    fn actor(id: &str, roles: &[&str]) -> Actor {
        Actor {
            id: id.into(),
            name: id.into(),
            email: format!("{id}@example.com"),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            via: Via::Portal,
            made_by: String::new(),
            signed_in_at: None,
            on_behalf_of: None,
        }
    }

    fn one_of_each() -> Approvers {
        let counts = [("legal".to_owned(), 1), ("finance".to_owned(), 1)].into_iter().collect();
        Approvers { counts, ..Approvers::default() }
    }

    #[test]
    fn a_person_counts_for_one_of_their_groups() {
        let policy = one_of_each();
        let (both, legal, finance) =
            (actor("b", &["legal", "finance"]), actor("l", &["legal"]), actor("f", &["finance"]));
        assert_eq!(shortage(&policy, [&both], 0).map(|it| it.told()), Some("1 more person of legal or finance".into()));
        assert_eq!(shortage(&policy, [&both, &legal], 0), None, "the one with both counts for finance");
        assert_eq!(shortage(&policy, [&legal, &finance], 0), None);
        let two = actor("l2", &["legal"]);
        assert_eq!(shortage(&policy, [&legal, &two], 0).map(|it| it.of), Some(vec!["finance".to_owned()]));
    }

    #[test]
    fn one_may_turn_out_unable() {
        let policy = Approvers { quorum: 2, ..one_of_each() };
        let people = [actor("a", &["legal"]), actor("b", &["finance"]), actor("c", &["finance"])];
        assert_eq!(shortage(&policy, &people, 0), None);
        assert_eq!(shortage(&policy, &people, 1).map(|it| it.of), Some(vec!["legal".to_owned()]));
    }

    #[test]
    fn who_may_only_say_no_may_not_say_yes() {
        let policy = Approvers { roles: vec!["manager".into()], veto: vec!["legal".into()], ..Approvers::default() };
        let contributors = Contributors::default();
        let case = Case { approvers: &policy, added: [&[], &[]], contributors: &contributors, author: Some("m") };
        let legal = actor("l", &["legal"]);
        assert_eq!(case.why_not(&legal, Verdict::Rejected), None);
        assert!(case.why_not(&legal, Verdict::Approved).is_some());
        assert_eq!(case.why_not(&actor("m", &["manager"]), Verdict::Approved), None);
        let policy = Approvers { exclude_author: true, ..policy.clone() };
        let case = Case { approvers: &policy, ..case };
        let (author, deputy) = (actor("m", &["manager"]), actor("d", &["viewer"]));
        assert!(case.why_not(&author, Verdict::Approved).is_some());
        assert!(case.why_not(&deputy.representing(&author), Verdict::Approved).is_some(), "nor somebody for them");
        assert_eq!(case.why_not(&deputy.representing(&actor("n", &["manager"])), Verdict::Approved), None);
    }
}
