//! How members want their conversations treated.

use crate::error::Refusal;
use crate::state::AppState;
use protocol::preferences::{ChangePreferences, ChangedPreferences, Preferences};
use protocol::{ConversationId, UserId};

/// Changes what is given, for the account's own devices (R001-07, R001-08, R001-19).
pub async fn change(
    state: &AppState,
    account: UserId,
    conversation: ConversationId,
    change: ChangePreferences,
) -> Result<ChangedPreferences, Refusal> {
    if change.muted_until.is_some_and(|until| until > Preferences::ALWAYS) {
        return Err(Refusal::field("muted_until", "must be below 2^53"));
    }
    state.rosters.of_member(account, conversation).await?;
    Ok(state.store.change_preferences(account, conversation, change).await?)
}
