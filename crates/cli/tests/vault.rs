//! The secret key is replaced, the command killed between any two of its steps, and nothing that was sealed is lost.
#![allow(clippy::unwrap_used)]

mod live;

use live::{
    api::Api,
    furnish::furnish,
    node::{Launch, Node},
    outside::Outside,
};
use serde_json::{Value, json};
use std::{fs, path::Path, time::Duration};
use tokio::process::Command;

const VARIABLE: &str = "COUNTERSIGN_SECRET_KEY";
/// The longest a command may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server whose key is in its data folder.
fn launch(data: &Path) -> Launch {
    Launch { wrapper: ["env", "-u", VARIABLE].map(Into::into).to_vec(), ..Launch::sqlite(data) }
}

/// `countersign vault …`: its exit status and all it said.
async fn vault(data: &Path, what: &str, keys: Option<&str>) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(["vault", what, "--json", "--data"]).arg(data).current_dir(data).kill_on_drop(true);
    match keys {
        Some(keys) => command.env(VARIABLE, keys),
        None => command.env_remove(VARIABLE),
    };
    let output = tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

/// What depends on what is sealed: the secrets that are set and the key of the receipts.
async fn sealed(node: &Node, admin: &Api) -> (Vec<Value>, Value) {
    let connections = admin.get(&node.url, "/connections").await["items"].as_array().unwrap().clone();
    let secrets = connections.into_iter().map(|connection| connection["secret_names"].clone()).collect();
    (secrets, admin.get(&node.url, "/audit/verify").await["public_key"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_key_is_replaced_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path(), folder.path().join("secret.key"));
    let outside = Outside::start().await;
    let mut node = launch(data).start().await;
    let admin = furnish(&node, &outside).await.admin;
    let settings = json!({ "base_url": format!("{}/rest", outside.sandbox.url()) });
    let shop = json!({ "connector": "http", "name": "shop", "secrets": { "authorization": "Bearer x" }, "settings": settings });
    admin.post(&node.url, "/connections?untested=true", shop).await;
    let before = sealed(&node, &admin).await;
    assert!(before.0.iter().any(|names| names != &json!([])) && before.1.is_string(), "{before:?}");
    let (code, said) = vault(data, "rotate", None).await;
    assert!(code == 3 && said.contains("in use"), "{code} {said}");
    assert!(node.stop().await.success());
    let first = fs::read_to_string(&file).unwrap();

    let (code, said) = vault(data, "rotate", None).await;
    assert_eq!(code, 0, "{said}");
    let former = serde_json::from_str::<Value>(&said).unwrap()["former_key"].as_str().unwrap().to_owned();
    let second = fs::read_to_string(&file).unwrap();
    assert!(fs::read_to_string(former).unwrap() == first && second != first && second.lines().count() == 1);
    let mut node = launch(data).start().await;
    assert_eq!(sealed(&node, &admin).await, before);
    let entries = admin.get(&node.url, "/audit?action=vault.rotated").await["items"].clone();
    assert_eq!(entries.as_array().unwrap().len(), 1, "{entries}");
    assert!(node.stop().await.success());

    // Killed before it was sealed anew, and after that but with both keys still in the file: given again, it goes on.
    for killed in ["before", "after"] {
        fs::write(&file, format!("{first}{second}")).unwrap();
        let mut node = launch(data).start().await;
        assert_eq!(sealed(&node, &admin).await, before, "{killed}");
        assert!(node.stop().await.success());
        let (code, said) = vault(data, "rotate", None).await;
        assert_eq!((code, &fs::read_to_string(&file).unwrap()), (0, &first), "{killed}: {said}");
    }

    // Another key opens nothing: the server says so at its start, and no command changes anything.
    fs::write(&file, "5a".repeat(32)).unwrap();
    let (code, log) = launch(data).refused().await;
    assert!(code == 3 && log.contains("the secret key is not the one"), "{code} {log}");
    assert_eq!(vault(data, "check", None).await.0, 1);
    assert_eq!(vault(data, "rotate", None).await.0, 3);
    assert_eq!(fs::read_to_string(&file).unwrap(), "5a".repeat(32));

    // A lost key is told, and none is made in its place.
    fs::remove_file(&file).unwrap();
    let (code, log) = launch(data).refused().await;
    assert!(code == 3 && log.contains("put it back") && !file.exists(), "{code} {log}");
    assert_eq!((vault(data, "check", None).await.0, vault(data, "rotate", None).await.0), (1, 3));
    assert!(!file.exists());

    // Where the environment says the key, people change it there.
    let (code, said) = vault(data, "rotate", Some(&first)).await;
    assert!(code == 3 && said.contains("NEW FORMER"), "{code} {said}");
    let (code, said) = vault(data, "rotate", Some(&format!("{second} {first}"))).await;
    assert_eq!(code, 0, "{said}");
    assert_eq!(vault(data, "check", Some(&first)).await.0, 1);
    assert_eq!(vault(data, "check", Some(&second)).await.0, 0);
}
