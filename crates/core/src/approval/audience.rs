//! Whom an open checkpoint asks, short enough to be kept beside it: a list then reads only what may be somebody's, and the
//! exact answer (`OpenApproval::seat`, `OpenDoubt::seat`) is asked of that alone.

use super::policy::{Case, OPERATING, everybody_who_operates, operates};
use crate::run::Actor;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Whom a checkpoint asks now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// By what they are.
    pub asks: Asks,
    /// The people who may not all the same: they had a hand in it, or have spoken.
    pub barred: BTreeSet<String>,
}

/// By what people are, whom a checkpoint asks. Checkpoints of one step mostly ask the same, so there are few of these.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Asks {
    /// Whom a policy names; who stands in for them decides too.
    Policy {
        /// Their names.
        names: Names,
    },
    /// The operators of a team.
    Team {
        /// Its names.
        names: Names,
    },
}

/// Roles or groups, and e-mail addresses in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Names {
    /// Workspace roles or groups.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    roles: BTreeSet<String>,
    /// Addresses.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    emails: BTreeSet<String>,
}

impl Names {
    /// Names that may be either.
    fn add(&mut self, names: &[String]) {
        self.roles.extend(names.iter().cloned());
        let addresses = names.iter().filter(|name| name.contains('@'));
        self.emails.extend(addresses.map(|name| name.to_ascii_lowercase()));
    }

    fn include(&self, actor: &Actor) -> bool {
        actor.counted_roles().iter().any(|role| self.roles.contains(role))
            || self.emails.contains(&actor.counted_email().to_ascii_lowercase())
    }
}

impl Asks {
    fn names(&self) -> &Names {
        match self {
            Self::Policy { names } | Self::Team { names } => names,
        }
    }

    /// Whether it asks this person themselves.
    #[must_use]
    pub fn of(&self, actor: &Actor) -> bool {
        match self {
            Self::Policy { names } => names.include(actor),
            Self::Team { names } => operates(actor) && names.include(actor),
        }
    }

    /// Whether this person may answer in the place of `other`, whom it asks.
    #[must_use]
    pub fn of_deputy(&self, actor: &Actor, other: &Actor) -> bool {
        match self {
            // A key was made for what its maker may.
            Self::Policy { names } => actor.made_by.is_empty() && names.include(&actor.representing(other)),
            Self::Team { .. } => false,
        }
    }

    /// Whether it asks one of these groups by its name.
    #[must_use]
    pub fn of_groups(&self, groups: &[String]) -> bool {
        groups.iter().any(|group| self.names().roles.contains(group))
    }
}

impl Audience {
    /// While nothing is to be said.
    pub(crate) fn nobody() -> Self {
        Self { asks: Asks::Policy { names: Names::default() }, barred: BTreeSet::new() }
    }

    /// The operators of a team; of none, all of them.
    pub(super) fn of_team(team: &str) -> Self {
        let mut names = Names::default();
        if team.is_empty() {
            names.roles = OPERATING.map(str::to_owned).into();
        } else {
            names.add(&[team.to_owned()]);
        }
        Self { asks: Asks::Team { names }, barred: BTreeSet::new() }
    }

    /// Of everybody what [`Case::why_not`] says of a no, which the policy lets say whoever may say yes.
    pub(crate) fn of_case(case: &Case<'_>) -> Self {
        let Case { approvers, added, contributors, author } = case;
        let mut names = Names::default();
        if everybody_who_operates(approvers) {
            names.roles = OPERATING.map(str::to_owned).into();
        }
        names.roles.extend(approvers.roles.iter().chain(approvers.counts.keys()).cloned());
        names.emails.extend(approvers.users.iter().map(|email| email.to_ascii_lowercase()));
        for more in [approvers.veto.as_slice(), added[0], added[1]] {
            names.add(more);
        }
        let hands = contributors.people().filter(|_| approvers.exclude_requester);
        let author = author.iter().copied().filter(|_| approvers.exclude_author);
        Self { asks: Asks::Policy { names }, barred: hands.chain(author).map(str::to_owned).collect() }
    }

    /// Whether this person could decide: as themselves, or for one of `for_others`.
    #[must_use]
    pub fn includes(&self, actor: &Actor, for_others: &[Actor]) -> bool {
        let barred = |actor: &Actor| actor.people().any(|person| self.barred.contains(person));
        (self.asks.of(actor) && !barred(actor))
            || for_others.iter().any(|other| self.asks.of_deputy(actor, other) && !barred(&actor.representing(other)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        approval::Contributors,
        document::Approvers,
        run::{Verdict, Via},
    };
    use proptest::{collection::vec, prelude::*};

    const PEOPLE: [&str; 3] = ["ann", "bob", "cy"];
    const ROLES: [&str; 5] = ["viewer", "operator", "legal", "cy@example.com", "pay"];

    fn person(id: &str, roles: Vec<&str>, via: Via, made_by: &str) -> Actor {
        Actor {
            id: id.to_owned(),
            name: id.to_owned(),
            email: format!("{id}@Example.com"),
            roles: roles.into_iter().map(str::to_owned).collect(),
            via,
            made_by: made_by.to_owned(),
            signed_in_at: None,
            on_behalf_of: None,
        }
    }

    fn people() -> impl Strategy<Value = Actor> {
        let made_by = prop_oneof![4 => Just(""), 1 => prop::sample::select(&PEOPLE[..])];
        (prop::sample::select(&PEOPLE[..]), vec(prop::sample::select(&ROLES[..]), 0..3), made_by)
            .prop_map(|(id, roles, made_by)| person(id, roles, Via::Portal, made_by))
    }

    fn names() -> impl Strategy<Value = Vec<String>> {
        let some = prop_oneof![
            prop::sample::select(&ROLES[..]).prop_map(str::to_owned),
            prop::sample::select(&PEOPLE[..]).prop_map(|id| format!("{id}@example.COM")),
        ];
        vec(some, 0..3)
    }

    fn policies() -> impl Strategy<Value = Approvers> {
        (names(), names(), names(), names(), any::<(bool, bool)>()).prop_map(
            |(roles, users, counts, veto, (exclude_requester, exclude_author))| Approvers {
                roles,
                users,
                counts: counts.into_iter().map(|name| (name, 1)).collect(),
                veto,
                exclude_requester,
                exclude_author,
                ..Approvers::default()
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// What is kept beside a checkpoint says of everybody what the policy says.
        #[test]
        fn it_includes_whom_the_policy_lets_decide(
            approvers in policies(),
            (escalated, added) in (names(), names()),
            hands in vec(people(), 0..2),
            author in prop::option::of(prop::sample::select(&PEOPLE[..])),
            (actor, other) in (people(), people()),
        ) {
            let mut contributors = Contributors::default();
            hands.iter().for_each(|hand| contributors.add(hand));
            let added = [escalated.as_slice(), added.as_slice()];
            let case = Case { approvers: &approvers, added, contributors: &contributors, author };
            let may = |actor: &Actor| case.why_not(actor, Verdict::Rejected).is_none();
            let exact = may(&actor) || (actor.made_by.is_empty() && may(&actor.representing(&other)));
            let audience = Audience::of_case(&case);
            let kept = serde_json::from_str(&serde_json::to_string(&audience.asks).unwrap_or_default()).ok();
            prop_assert_eq!(kept.as_ref(), Some(&audience.asks));
            prop_assert_eq!(audience.includes(&actor, &[other]), exact);
        }
    }
}
