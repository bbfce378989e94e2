//! The people of a workspace as the policies see them: what they are, who is away, who decides for whom.

use crate::{Engine, EngineError, LoadedRun};
use countersign_core::{
    approval::{Decider, Hindrance, Roster, RosterMember, deciders},
    run::{Actor, Via},
};
use countersign_store::{DelegationRow, Member, roles_of};
use std::collections::HashMap;

impl Engine {
    /// Everybody of the workspace, now.
    ///
    /// # Errors
    /// `Store` when the database does not answer.
    pub async fn roster(&self, workspace: &str) -> Result<Roster, EngineError> {
        let members = self.0.store.list_members(workspace).await?;
        let delegations = self.delegations_now(workspace).await?;
        Ok(roster(members, &delegations))
    }

    /// Who may decide what the run waits for now. Whoever is told about a checkpoint is one of these.
    ///
    /// # Errors
    /// As [`Engine::roster`].
    pub async fn deciders(&self, run: &LoadedRun) -> Result<Vec<Decider>, EngineError> {
        Ok(deciders(&run.version, &run.state, &self.roster(&run.row.workspace).await?))
    }

    /// Those for whom somebody decides now, each once, with what they may; nobody's for a key, which was made for what its
    /// maker may.
    ///
    /// # Errors
    /// As [`Engine::roster`].
    pub async fn stands_in_for(&self, workspace: &str, by: &Actor) -> Result<Vec<Actor>, EngineError> {
        if !by.made_by.is_empty() {
            return Ok(Vec::new());
        }
        let delegations = self.delegations_now(workspace).await?;
        let mut others = Vec::new();
        for giver in givers(&delegations, by.person()) {
            let member = self.0.store.get_member(workspace, giver).await?;
            others.extend(member.filter(|member| hindrance(member).is_none()).map(actor));
        }
        Ok(others)
    }

    /// A member who can do something, as what they are now.
    pub(crate) async fn member_actor(&self, workspace: &str, user: &str) -> Result<Option<Actor>, EngineError> {
        let member = self.0.store.get_member(workspace, user).await?;
        Ok(member.filter(|member| hindrance(member).is_none()).map(actor))
    }

    async fn delegations_now(&self, workspace: &str) -> Result<Vec<DelegationRow>, EngineError> {
        let now = self.now();
        let mut rows = self.0.store.list_delegations(workspace, now).await?;
        rows.retain(|row| row.starts_at <= now);
        Ok(rows)
    }
}

fn roster(members: Vec<Member>, delegations: &[DelegationRow]) -> Roster {
    let hindered: Vec<Option<Hindrance>> = members.iter().map(hindrance).collect();
    let actors: Vec<Actor> = members.into_iter().map(actor).collect();
    let able: HashMap<&str, &Actor> = actors
        .iter()
        .zip(&hindered)
        .filter(|(_, hindered)| hindered.is_none())
        .map(|(actor, _)| (actor.id.as_str(), actor))
        .collect();
    let member = |(actor, hindered): (&Actor, &Option<Hindrance>)| RosterMember {
        actor: actor.clone(),
        hindered: *hindered,
        away: delegations.iter().any(|row| row.away && row.from_user == actor.id),
        stands_in_for: givers(delegations, &actor.id)
            .into_iter()
            .filter_map(|giver| able.get(giver).map(|other| (*other).clone()))
            .collect(),
    };
    Roster { members: actors.iter().zip(&hindered).map(member).collect() }
}

/// Those who let this person decide for them, each once.
fn givers<'a>(delegations: &'a [DelegationRow], person: &str) -> Vec<&'a str> {
    let mut givers = Vec::new();
    for row in delegations.iter().filter(|row| row.to_user.as_deref() == Some(person)) {
        if !givers.contains(&row.from_user.as_str()) {
            givers.push(row.from_user.as_str());
        }
    }
    givers
}

fn hindrance(member: &Member) -> Option<Hindrance> {
    match (member.membership.disabled_at, &member.user.password_hash) {
        (Some(_), _) => Some(Hindrance::Disabled),
        (None, None) => Some(Hindrance::Pending),
        (None, Some(_)) => None,
    }
}

fn actor(member: Member) -> Actor {
    let Member { user, membership } = member;
    Actor {
        id: user.id,
        name: user.name,
        email: user.email,
        roles: roles_of(membership.role, &membership.groups),
        via: Via::Portal,
        made_by: String::new(),
        signed_in_at: None,
        on_behalf_of: None,
    }
}
