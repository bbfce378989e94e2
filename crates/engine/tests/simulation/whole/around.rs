//! What people do around approvals: they move runs and take that back, let others decide for them, allow things in advance,
//! and think better of it.

use super::{
    director::Director,
    people::PATIENCE,
    world::{Inner, World},
};
use crate::{
    acts::{deputy, standing},
    asked::{Deputy, Standing},
    people::{PEOPLE, WORKSPACE, person},
};
use countersign_core::run::Actor;
use countersign_engine::{EngineError, MoveRun};
use countersign_store::{
    DelegationRow, MembershipRow, Role, RunStatus, StandingApprovalRow, StoreError, UserRow, roles_of,
};
use std::{collections::BTreeMap, sync::Arc};

impl Inner {
    /// Who decides; those who may for others are often the ones.
    pub fn decider(&mut self) -> Actor {
        let deputies = &self.checker.allowed.deputies;
        if !deputies.is_empty() && self.random.chance(400) {
            let to = &self.random.pick(deputies).to;
            if let Some(deputy) = (0..PEOPLE).map(person).find(|person| person.id == *to) {
                return deputy;
            }
        }
        person(self.random.below(PEOPLE))
    }
}

impl Director {
    /// Whoever acts in person is a member; a key is not.
    pub async fn settle(&self) {
        let mut people: Vec<Actor> = (1..PEOPLE).map(person).filter(|person| person.made_by.is_empty()).collect();
        people.sort_by(|one, other| one.id.cmp(&other.id));
        for Actor { id, name, email, roles, .. } in people {
            let role = if roles.iter().any(|role| role == "operator") { Role::Operator } else { Role::Viewer };
            let basic = roles_of(role, &[]);
            let groups = roles.into_iter().filter(|role| !basic.contains(role)).collect();
            let user = UserRow { id: id.clone(), email, name, password_hash: Some("hash".into()), created_at: 1 };
            self.calm.create_user(&user).await.unwrap();
            let workspace = WORKSPACE.into();
            let member = MembershipRow { workspace, user_id: id, role, groups, created_at: 1, disabled_at: None };
            self.calm.add_member(&member, vec![]).await.unwrap();
        }
    }

    pub async fn around_approvals(&self) {
        let kind = self.world.lock().random.below(10);
        match kind {
            0..=3 => self.move_run().await,
            4 => self.take_back_some_move().await,
            5 | 6 => self.delegate().await,
            7 | 8 => self.allow().await,
            _ => self.think_better().await,
        }
    }

    async fn move_run(&self) {
        let rows = self.runs().await;
        let waiting: Vec<_> = rows.iter().filter(|row| row.status == RunStatus::Waiting).collect();
        let Some(engine) = self.some_engine().filter(|_| !waiting.is_empty()) else { return };
        let (run, to, by) = {
            let random = &mut self.world.lock().random;
            let row = random.pick(&waiting);
            (row.id.clone(), if row.version == 1 { 2 } else { 1 }, person(random.below(PEOPLE)))
        };
        let wanted = MoveRun { to, mapping: BTreeMap::new() };
        self.moved(tokio::time::timeout(PATIENCE, engine.move_run(WORKSPACE, &run, &wanted, &by)).await);
        if self.world.lock().random.chance(250) {
            self.undo_move(&run).await;
        }
    }

    async fn take_back_some_move(&self) {
        let moved: Vec<_> = self.runs().await.into_iter().filter(|row| row.version == 2).collect();
        if !moved.is_empty() {
            let run = self.world.lock().random.pick(&moved).id.clone();
            self.undo_move(&run).await;
        }
    }

    async fn undo_move(&self, run: &str) {
        let Some(engine) = self.some_engine() else { return };
        let by = person(self.world.lock().random.below(PEOPLE));
        self.moved(tokio::time::timeout(PATIENCE, engine.undo_move(WORKSPACE, run, &by)).await);
    }

    /// The other version may not be published yet, and the run may have gone on.
    fn moved(&self, done: Result<Result<countersign_store::RunRow, EngineError>, tokio::time::error::Elapsed>) {
        match done {
            Ok(Err(EngineError::NotFound(_) | EngineError::Store(StoreError::Conflict(_)))) => {}
            other => self.allowed(other),
        }
    }

    async fn delegate(&self) {
        let (number, deputy) = {
            let mut world = self.world.lock();
            let now = world.now();
            let deputy = deputy(&mut world.random, now);
            world.checker.allowed.deputies.push(deputy.clone());
            (world.checker.allowed.deputies.len() - 1, deputy)
        };
        let Deputy { from, to, until } = deputy;
        let row = DelegationRow {
            id: format!("deputy{number}"),
            workspace: WORKSPACE.into(),
            from_user: from.clone(),
            to_user: Some(to),
            starts_at: 1,
            ends_at: until,
            away: false,
            reason: String::new(),
            created_at: 1,
            created_by: from,
        };
        self.calm.create_delegation(&row, vec![]).await.unwrap();
    }

    async fn allow(&self) {
        let Some(engine) = self.some_engine() else { return };
        let active = self.calm.get_workflow(WORKSPACE, "w1").await.unwrap().and_then(|row| row.active_version);
        let Some(version) = active else { return };
        let (published, given) = {
            let mut world = self.world.lock();
            let (now, number) = (world.now(), world.checker.allowed.standing.len());
            let published = Arc::clone(&world.versions[version as usize - 1]);
            let given = standing(&mut world.random, number, now, &published);
            // Known before it is written: from then on it may be used.
            world.checker.allowed.standing.extend(given.clone());
            (published, given)
        };
        let Some(Standing { id, by, step, max, per_day, until, .. }) = given else { return };
        let bound = engine.standing_hash(WORKSPACE, &published.played, &step);
        let Ok(Ok(bound_to)) = tokio::time::timeout(PATIENCE, bound).await else { return };
        let row = StandingApprovalRow {
            id,
            workspace: WORKSPACE.into(),
            workflow: "w1".into(),
            step,
            bound_to,
            granted_by: by,
            granted_at: 1,
            until,
            amount_max: max.to_string(),
            per_day,
            reason: String::new(),
            day: 0,
            used_that_day: 0,
            used: 0,
            revoked_at: None,
        };
        self.calm.create_standing_approval(&row, vec![]).await.unwrap();
    }

    /// One of what was allowed or handed on ends at once.
    async fn think_better(&self) {
        let (now, number, standing) = {
            let mut world = self.world.lock();
            let now = world.now();
            let (deputies, standing) = (world.checker.allowed.deputies.len(), world.checker.allowed.standing.len());
            if deputies + standing == 0 {
                return;
            }
            let number = world.random.below(deputies + standing);
            (now, number, number.checked_sub(deputies))
        };
        // What has ended before, or was never written, is not there to be ended.
        if let Some(number) = standing {
            let id = format!("standing{number}");
            drop(self.calm.revoke_standing_approval(WORKSPACE, &id, now, vec![]).await);
        } else {
            drop(self.calm.end_delegation(WORKSPACE, &format!("deputy{number}"), now, vec![]).await);
        }
        ends(&self.world, number, standing, now);
    }
}

fn ends(world: &World, number: usize, standing: Option<usize>, now: i64) {
    let allowed = &mut world.lock().checker.allowed;
    let until = match standing {
        Some(number) => &mut allowed.standing[number].until,
        None => &mut allowed.deputies[number].until,
    };
    *until = now.min(*until);
}
