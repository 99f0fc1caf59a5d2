//! How the SQLite in the binary is built.

use super::*;

/// Performance: SQLite is built as `.cargo/config.toml` says. Where plans depend on bound values, it would prepare nearly
/// every statement again at each execution, which costs a fifth of the simulator's time.
#[tokio::test]
async fn sqlite_prepares_a_statement_once() {
    let fixture = Fixture::new().await;
    let built: Vec<String> = sqlx::query_scalar("select compile_options from pragma_compile_options")
        .fetch_all(&fixture.store.reader)
        .await
        .unwrap();
    let has = |option: &str| built.iter().any(|there| there == option);
    assert!(has("ENABLE_QPSG"), "{built:?}");
    assert!(has("DEFAULT_MEMSTATUS=0"), "{built:?}");
    for costly in ["ENABLE_STAT4", "ENABLE_MEMORY_MANAGEMENT", "ENABLE_API_ARMOR"] {
        assert!(!has(costly), "{costly} in {built:?}");
    }
}
