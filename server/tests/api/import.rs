//! `sixin import`, as a self-hoster runs it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support;
use crate::support::{Person, TestServer};
use flate2::Compression;
use flate2::write::GzEncoder;
use protocol::messaging::MessageReaders;
use protocol::{Conversation, ConversationKind, MessageBody, Seq, path};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

const GOOD: &str = r#"{"chat":"dev","kind":"group","at":1103966040001,"sender":"kleedrac","text":"hello"}
{"chat":"dev","kind":"group","at":1103966040001,"sender":"kleedrac","text":"hello"}
{"chat":"dev","kind":"group","at":1103966040002,"sender":"[dlp]","text":"tab\there 你好"}
{"chat":"two","kind":"direct","at":1103966040003,"sender":"Kleedrac","text":"only my name's case differs"}
{"chat":"two","kind":"direct","at":1103966040004,"sender":"[dlp]","text":"so it does"}
"#;

fn import(data: &Path, file: &Path) -> Output {
    let mut command = Command::new(BINARY);
    command.arg("import").arg(file).arg("--data").arg(data).args(["--password", "imported people"]);
    command.output().unwrap()
}

use crate::support::BINARY;

fn report(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Issue of the importer: order and times are kept, imported people log in, a second run adds nothing, and members of
/// an imported group read it, scroll back and send.
#[tokio::test]
async fn imported_conversations_are_conversations() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("export.jsonl.gz");
    let mut gzip = GzEncoder::new(std::fs::File::create(&file).unwrap(), Compression::fast());
    gzip.write_all(GOOD.as_bytes()).unwrap();
    gzip.finish().unwrap();
    for run in 0..2 {
        let output = import(data.path(), &file);
        assert!(output.status.success(), "run {run}: {}", report(&output));
    }
    let server = TestServer::start_on(data, Command::new(BINARY), &[]);
    let person = Person::log_in(&server.address, "KLEEDRAC", "imported people").await;
    let other = Person::log_in(&server.address, "kleedrac-2", "imported people").await;
    let page = person.sync(None).await;
    let also = other.sync(None).await;
    let all: Vec<&Conversation> = page.conversations.iter().chain(&also.conversations).collect();
    assert_eq!(all.len(), 2, "each is in one conversation");
    let group = all.iter().find(|conversation| conversation.kind == ConversationKind::Group).unwrap();
    let member = if page.conversations.contains(group) { &person } else { &other };
    assert_eq!((group.title.as_deref(), group.member_count, group.unread), (Some("dev"), 2, 0));
    let history = member.history(group.id, Seq::ZERO, 10).await;
    let read: Vec<_> = history
        .messages
        .iter()
        .map(|message| match &message.body {
            MessageBody::Text { text, .. } => (message.seq.get(), message.at, text.as_str().to_owned()),
            other => panic!("nobody sent {other:?}"),
        })
        .collect();
    let hello = "hello".to_owned();
    let expected = [
        (1, 1_103_966_040_001, hello.clone()),
        (2, 1_103_966_040_001, hello),
        (3, 1_103_966_040_002, "tab\there 你好".to_owned()),
    ];
    assert_eq!(read, expected);
    assert_eq!(member.send(group.id, "still here").await.seq.get(), 4);
}

/// R003-07, R004-B7.10: importing again brings nobody back who has left a group, nor a group that was dissolved; who is new in
/// a longer export comes in.
#[tokio::test]
async fn importing_again_brings_nobody_back() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("export.jsonl");
    std::fs::write(&file, GOOD).unwrap();
    assert!(import(data.path(), &file).status.success());
    let mut server = TestServer::start_on(data, Command::new(BINARY), &[]);
    let log_in =
        async |server: &TestServer, handle: &str| Person::log_in(&server.address, handle, "imported people").await;
    let (owner, leaves) = (log_in(&server, "dlp").await, log_in(&server, "kleedrac-2").await);
    let group = leaves.sync(None).await.conversations[0].id;
    assert_eq!(leaves.delete(&path::member(group, leaves.id)).await.status, 204);
    let mut export = GOOD.to_owned();
    let mut import_more = |server: &mut TestServer, name: &str| {
        export += &format!(r#"{{"chat":"dev","kind":"group","at":1103966040005,"sender":"{name}","text":"new"}}"#);
        export.push('\n');
        std::fs::write(&file, &export).unwrap();
        server.kill();
        let output = import(server.data(), &file);
        assert!(output.status.success(), "{}", report(&output));
        server.restart();
    };
    let sees = async |server: &TestServer, person: &Person| {
        person.at(&server.address).get(&path::conversation(group)).await.status
    };
    import_more(&mut server, "newcomer");
    let newcomer = log_in(&server, "newcomer").await;
    assert_eq!((sees(&server, &owner).await, sees(&server, &leaves).await), (200, 404));
    assert_eq!(newcomer.conversation(group).await.member_count, 2);

    assert_eq!(owner.at(&server.address).delete(&path::group(group)).await.status, 204);
    import_more(&mut server, "latecomer");
    let latecomer = log_in(&server, "latecomer").await;
    for person in [&owner, &leaves, &newcomer, &latecomer] {
        assert_eq!(sees(&server, person).await, 404, "{}", person.handle);
    }
}

/// R000-10: who has read a message is told for thirty days; of an older one, how many.
#[tokio::test]
async fn readers_of_old_messages_are_a_number() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("export.jsonl");
    std::fs::write(&file, GOOD).unwrap();
    assert!(import(data.path(), &file).status.success());
    let server = TestServer::start_on(data, Command::new(BINARY), &[]);
    let person = Person::log_in(&server.address, "kleedrac", "imported people").await;
    let other = Person::log_in(&server.address, "dlp", "imported people").await;
    let group = person.sync(None).await.conversations[0].id;
    let new = person.send(group, "new").await.seq;
    other.report(group, 4, 4).await;
    let readers = async |seq: Seq| person.get(&path::message_readers(group, seq)).await.read::<MessageReaders>();
    let (old, new) = (readers(Seq::ZERO.next()).await, readers(new).await);
    assert_eq!((old.count, old.readers.len(), old.old), (1, 0, true));
    assert_eq!((new.count, new.readers.len(), new.old), (1, 1, false));
}

/// A malformed line is named by number and left out; the rest goes in.
#[tokio::test]
async fn a_malformed_line_is_named() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("export.jsonl");
    let mut lines = GOOD.lines().map(str::to_owned).collect::<Vec<_>>();
    lines.insert(1, "{".to_owned());
    lines.insert(3, r#"{"chat":"dev","kind":"group","at":-1,"sender":"a","text":"b"}"#.to_owned());
    lines.push(r#"{"chat":"dev","kind":"group","at":5,"sender":"a","text":"earlier than the last"}"#.to_owned());
    lines.push(r#"{"chat":"dev","kind":"direct","at":1103966040009,"sender":"a","text":"another kind"}"#.to_owned());
    lines.push(r#"{"chat":"two","kind":"direct","at":1103966040009,"sender":"a","text":"a third sender"}"#.to_owned());
    lines.push(r#"{"chat":"dev","kind":"group","at":1103966040009,"sender":"a","text":""}"#.to_owned());
    lines.push(r#"{"chat":"dev","kind":"group","at":1103966040009,"sender":"a","text":"x","more":1}"#.to_owned());
    let mut bytes = lines.join("\n").into_bytes();
    bytes.extend_from_slice(b"\n\xff\xfe\n");
    std::fs::write(&file, bytes).unwrap();
    let output = import(data.path(), &file);
    let told = report(&output);
    assert!(!output.status.success(), "lines that were left out are not a success: {told}");
    for line in [2, 4, 8, 9, 10, 11, 12, 13] {
        assert!(told.contains(&format!("line {line}:")), "line {line} in {told}");
    }
    assert_eq!(told.lines().filter(|told| told.starts_with("line ")).count(), 8, "{told}");
    let server = TestServer::start_on(data, Command::new(BINARY), &[]);
    let person = Person::log_in(&server.address, "dlp", "imported people").await;
    assert_eq!(person.sync(None).await.conversations.len(), 2);
}

/// What is no such file is told, and leaves nothing.
#[test]
fn what_is_no_file_is_told() {
    let data = tempfile::tempdir().unwrap();
    let absent = import(data.path(), Path::new("absent.jsonl"));
    assert!(!absent.status.success() && report(&absent).contains("absent.jsonl"));
    let broken = data.path().join("broken.gz");
    std::fs::write(&broken, [0x1f, 0x8b, 1, 2, 3]).unwrap();
    assert!(!import(data.path(), &broken).status.success());
}

/// A running server holds its data folder.
#[tokio::test]
async fn a_running_server_is_not_imported_into() {
    let server = TestServer::start();
    let file = server.data().join("export.jsonl");
    std::fs::write(&file, GOOD).unwrap();
    let output = import(server.data(), &file);
    assert!(!output.status.success() && report(&output).contains("in use"), "{}", report(&output));
}

/// The real conversations go in whole, and a second run adds nothing.
#[tokio::test]
async fn the_corpus_goes_in_whole() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let file = corpus.join("kdconv-zh.jsonl.gz");
    if !file.exists() {
        support::skipped(&format!("there is no corpus at {}", corpus.display()));
        return;
    }
    let data = tempfile::tempdir().unwrap();
    for expected in ["9321 messages", "0 messages"] {
        let output = import(data.path(), &file);
        assert!(output.status.success() && report(&output).contains(expected), "{}", report(&output));
    }
    let server = TestServer::start_on(data, Command::new(BINARY), &[]);
    let person = Person::log_in(&server.address, "film-dev-0-a", "imported people").await;
    let page = person.sync(None).await;
    assert_eq!(page.conversations.len(), 1);
    let history = person.get(&path::messages_after(page.conversations[0].id, Seq::ZERO, 100)).await;
    assert!(String::from_utf8(history.body).unwrap().contains("知道恋恋笔记本这部电影吗？"));
}
