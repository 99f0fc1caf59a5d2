//! Who asks: passwords, logins, and the extractor that hands a handler its account.

pub mod device_name;
pub mod extract;
pub mod gateway;
mod login;
pub mod oidc;
pub mod password;

pub use extract::CurrentUser;
pub use login::{CurrentLogin, Logins, Token};
pub use password::Passwords;
