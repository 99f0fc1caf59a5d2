//! What may be done, by whom, now. Deliberately absent: HTTP and SQL.

pub mod accounts;
pub mod address_book;
pub mod audit;
pub mod company;
pub mod contacts;
pub mod conversations;
pub mod directory;
pub mod groups;
pub mod hiding;
pub mod identities;
pub mod invitations;
pub mod media;
pub mod messaging;
pub mod policy;
pub mod preferences;
pub mod presence;
pub mod profiles;
pub mod receipts;
pub mod rosters;
pub mod sync;
