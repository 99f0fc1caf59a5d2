//! The server of Sixin.

pub mod push {
    #[path = "../push/hub.rs"]
    mod hub;
    pub use hub::{Connected, Hub};
}
pub mod store;
