//! sixin
fn main() {}
