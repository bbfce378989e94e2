//! Workspaces, users, sessions, keys, tokens.

use countersign_store::testing::TestDatabase;
use countersign_store::*;
use futures::future::join_all;

use crate::fixtures::*;

pub async fn addresses_are_unique_whatever_their_case(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_user(&user("u-1", "Ada@Example.com")).await.unwrap();
    let taken = store.create_user(&user("u-2", "ada@example.COM")).await;
    assert!(matches!(taken, Err(StoreError::AlreadyExists("user"))), "{taken:?}");
    let mut found = store.find_user("ADA@example.com").await.unwrap().unwrap();
    assert_eq!((found.id.as_str(), found.email.as_str()), ("u-1", "ada@example.com"));
    found.password_hash = Some("$argon2id$…".to_owned());
    store.update_user(&found).await.unwrap();
    assert_eq!(store.get_user("u-1").await.unwrap().unwrap(), found);
    assert!(matches!(store.update_user(&user("u-9", "x@example.com")).await, Err(StoreError::NotFound("user"))));

    let mut workspace = WorkspaceRow {
        id: WORKSPACE.to_owned(),
        slug: "acme".to_owned(),
        name: "Acme".to_owned(),
        policy: "{}".to_owned(),
        created_at: 1,
    };
    store.create_workspace(&workspace).await.unwrap();
    let twin = WorkspaceRow { id: OTHER.to_owned(), ..workspace.clone() };
    assert!(matches!(store.create_workspace(&twin).await, Err(StoreError::AlreadyExists("workspace"))));
    workspace.policy = "{\"strict\":true}".to_owned();
    store.update_workspace(&workspace, vec![audit("workspace.changed")]).await.unwrap();
    assert_eq!(store.find_workspace("acme").await.unwrap().unwrap(), workspace);
    assert_eq!(store.get_workspace(WORKSPACE).await.unwrap().unwrap(), workspace);
    assert_eq!(store.list_workspaces().await.unwrap(), [workspace]);
}

pub async fn members_have_roles_and_groups(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_user(&user("u-1", "ada@example.com")).await.unwrap();
    store.create_user(&user("u-2", "bob@example.com")).await.unwrap();
    let mut member = MembershipRow {
        workspace: WORKSPACE.to_owned(),
        user_id: "u-1".to_owned(),
        role: Role::Operator,
        groups: vec!["manager".to_owned(), "a \"quoted\" one".to_owned()],
        created_at: 1,
        disabled_at: None,
    };
    store.put_member(&member, vec![audit("member.added")]).await.unwrap();
    store.put_member(&MembershipRow { user_id: "u-2".to_owned(), ..member.clone() }, vec![]).await.unwrap();
    member.role = Role::Admin;
    store.put_member(&member, vec![]).await.unwrap();
    let found = store.get_member(WORKSPACE, "u-1").await.unwrap().unwrap();
    assert_eq!((found.user.email.as_str(), &found.membership), ("ada@example.com", &member));
    assert_eq!(store.list_members(WORKSPACE).await.unwrap().len(), 2);
    assert_eq!(store.memberships_of("u-1").await.unwrap(), [member]);
    store.remove_member(WORKSPACE, "u-1", vec![audit("member.removed")]).await.unwrap();
    assert!(store.get_member(WORKSPACE, "u-1").await.unwrap().is_none());
    let gone = store.remove_member(WORKSPACE, "u-1", vec![audit("member.removed")]).await;
    assert!(matches!(gone, Err(StoreError::NotFound("member"))));
    assert_eq!(store.verify_audit(WORKSPACE).await.unwrap().entries, 2);
    assert!(Role::Admin > Role::Builder && Role::Builder > Role::Operator && Role::Operator > Role::Viewer);
}

pub async fn sessions_end(database: TestDatabase) {
    let store = database.open().await.unwrap();
    for (token, user, expires_at) in [("s1", "u-1", 100), ("s2", "u-1", 200), ("s3", "u-2", 200)] {
        let row = SessionRow {
            token_hash: token.to_owned(),
            user_id: user.to_owned(),
            workspace: WORKSPACE.to_owned(),
            created_at: 1,
            expires_at,
        };
        store.create_session(&row).await.unwrap();
    }
    assert!(store.get_session("s1", 99).await.unwrap().is_some());
    assert!(store.get_session("s1", 100).await.unwrap().is_none());
    assert_eq!(store.purge_expired(100).await.unwrap(), 1);
    store.delete_sessions_of(WORKSPACE, "u-1").await.unwrap();
    assert!(store.get_session("s2", 0).await.unwrap().is_none());
    store.delete_session(WORKSPACE, "u-1", "s3").await.unwrap();
    store.delete_session(WORKSPACE, "u-1", "s3").await.unwrap();
    assert!(store.get_session("s3", 0).await.unwrap().is_none());
}

pub async fn api_keys_are_found_until_revoked(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let key = ApiKeyRow {
        id: "k1".to_owned(),
        workspace: WORKSPACE.to_owned(),
        name: "CI".to_owned(),
        prefix: "cs_1234".to_owned(),
        key_hash: "hash".to_owned(),
        role: Role::Builder,
        groups: vec![],
        may_decide: true,
        created_by: "u-1".to_owned(),
        created_at: 1,
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    };
    store.create_api_key(&key, vec![audit("api_key.created")]).await.unwrap();
    let same_hash = ApiKeyRow { id: "k2".to_owned(), ..key.clone() };
    assert!(matches!(store.create_api_key(&same_hash, vec![]).await, Err(StoreError::AlreadyExists("API key"))));
    store.touch_api_key(WORKSPACE, "k1", 50).await.unwrap();
    let found = store.find_api_key("hash").await.unwrap().unwrap();
    assert_eq!((found.last_used_at, found.may_decide), (Some(50), true));
    store.revoke_api_key(WORKSPACE, "k1", 60, vec![]).await.unwrap();
    store.revoke_api_key(WORKSPACE, "k1", 70, vec![]).await.unwrap();
    assert!(store.find_api_key("hash").await.unwrap().is_none());
    assert_eq!(store.list_api_keys(WORKSPACE).await.unwrap()[0].revoked_at, Some(60));
    let missing = store.revoke_api_key(OTHER, "k1", 60, vec![]).await;
    assert!(matches!(missing, Err(StoreError::NotFound("API key"))));
}

pub async fn a_token_works_once(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let token = OneTimeTokenRow {
        token_hash: "t1".to_owned(),
        purpose: "decide".to_owned(),
        workspace: WORKSPACE.to_owned(),
        user_id: Some("u-1".to_owned()),
        payload: "{\"checkpoint\":\"r1.1\"}".to_owned(),
        created_at: 1,
        expires_at: 100,
        used_at: None,
    };
    store.create_token(&token).await.unwrap();
    assert!(store.consume_token("t1", "invite", 10).await.unwrap().is_none(), "another purpose");
    assert!(store.consume_token("t1", "decide", 100).await.unwrap().is_none(), "too late");
    assert_eq!(store.peek_token("t1", "decide", 10).await.unwrap().unwrap(), token);
    let used = join_all((0..10).map(|_| store.consume_token("t1", "decide", 10))).await;
    let used: Vec<_> = used.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(used, [OneTimeTokenRow { used_at: Some(10), ..token }]);
    assert!(store.peek_token("t1", "decide", 10).await.unwrap().is_none());
}

fn member(user: &str, role: Role) -> MembershipRow {
    MembershipRow {
        workspace: WORKSPACE.to_owned(),
        user_id: user.to_owned(),
        role,
        groups: vec![],
        created_at: 1,
        disabled_at: None,
    }
}

async fn with_workspace(database: &TestDatabase) -> Store {
    let store = database.open().await.unwrap();
    let workspace = WorkspaceRow {
        id: WORKSPACE.to_owned(),
        slug: "acme".to_owned(),
        name: "Acme".to_owned(),
        policy: "{}".to_owned(),
        created_at: 1,
    };
    store.create_workspace(&workspace).await.unwrap();
    store
}

pub async fn administrators_who_demote_each_other_leave_one(database: TestDatabase) {
    let store = with_workspace(&database).await;
    let ids = ["u-1", "u-2", "u-3", "u-4"];
    for id in ids {
        let row = UserRow { password_hash: Some("$argon2id$…".to_owned()), ..user(id, &format!("{id}@example.com")) };
        store.create_user(&row).await.unwrap();
    }
    for round in 0..5 {
        for id in ids {
            store.put_member(&member(id, Role::Admin), vec![]).await.unwrap();
        }
        let demoted = ids.map(|id| MembershipRow {
            role: if id == "u-2" { Role::Admin } else { Role::Viewer },
            disabled_at: (id == "u-2").then_some(5),
            ..member(id, Role::Viewer)
        });
        let answers = join_all(demoted.iter().map(|row| store.change_member(row, 5, vec![]))).await;
        let refused = answers.iter().filter(|answer| answer.is_err()).count();
        assert_eq!(refused, 1, "round {round}: {answers:?}");
        let last = answers.into_iter().find_map(Result::err).unwrap();
        assert!(matches!(last, StoreError::Conflict(Conflict::LastAdmin)), "{last:?}");
        let members = store.list_members(WORKSPACE).await.unwrap();
        let admins = members.iter().map(|member| &member.membership);
        assert_eq!(admins.filter(|row| row.role == Role::Admin && row.disabled_at.is_none()).count(), 1);
    }
    let nobody = store.change_member(&member("u-9", Role::Admin), 5, vec![]).await;
    assert!(matches!(nobody, Err(StoreError::NotFound("member"))), "{nobody:?}");
}

pub async fn who_is_shut_out_loses_sessions_links_and_keys_of_the_workspace(database: TestDatabase) {
    let store = with_workspace(&database).await;
    store.create_user(&user("u-1", "ada@example.com")).await.unwrap();
    store.put_member(&member("u-1", Role::Viewer), vec![]).await.unwrap();
    for (token, workspace) in [("s1", WORKSPACE), ("s2", OTHER)] {
        let (user_id, workspace) = ("u-1".to_owned(), workspace.to_owned());
        let row = SessionRow { token_hash: token.to_owned(), user_id, workspace, created_at: 1, expires_at: 100 };
        store.create_session(&row).await.unwrap();
    }
    let out = MembershipRow { disabled_at: Some(5), ..member("u-1", Role::Viewer) };
    store.change_member(&out, 5, vec![audit("person.changed")]).await.unwrap();
    assert!(store.get_session("s1", 6).await.unwrap().is_none());
    assert!(store.get_session("s2", 6).await.unwrap().is_some(), "another workspace is another's business");
}

pub async fn of_several_links_one_sets_an_account_up(database: TestDatabase) {
    let store = with_workspace(&database).await;
    store.create_user(&user("u-1", "ada@example.com")).await.unwrap();
    store.add_member(&member("u-1", Role::Viewer), vec![]).await.unwrap();
    let elsewhere = MembershipRow { workspace: OTHER.to_owned(), ..member("u-1", Role::Admin) };
    let taken = store.add_member(&elsewhere, vec![]).await;
    assert!(matches!(taken, Err(StoreError::Conflict(Conflict::SetUpElsewhere))), "{taken:?}");
    let links = ["t1", "t2", "t3"];
    for link in links {
        let row = OneTimeTokenRow {
            token_hash: link.to_owned(),
            purpose: "setup".to_owned(),
            workspace: WORKSPACE.to_owned(),
            user_id: Some("u-1".to_owned()),
            payload: "\"invitation\"".to_owned(),
            created_at: 1,
            expires_at: 100,
            used_at: None,
        };
        store.create_token(&row).await.unwrap();
    }
    let late = store.set_up_account("t1", ("setup", 100), "late", None).await;
    assert!(matches!(late, Err(StoreError::NotFound("link"))), "{late:?}");
    let used = join_all(links.map(|link| store.set_up_account(link, ("setup", 10), link, Some("Ada")))).await;
    let winners: Vec<_> = links.iter().zip(&used).filter(|(_, used)| used.is_ok()).map(|(link, _)| *link).collect();
    assert_eq!(winners.len(), 1, "{used:?}");
    let ada = store.get_user("u-1").await.unwrap().unwrap();
    assert_eq!((ada.password_hash.as_deref(), ada.name.as_str()), (Some(winners[0]), "Ada"));
    for link in links {
        assert!(store.peek_token(link, "setup", 10).await.unwrap().is_none(), "{link} still works");
    }
    store.add_member(&elsewhere, vec![]).await.unwrap();
}
