# A thin front over `cargo xtask`; what a command does stands in xtask/src.
export PATH := $(or $(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)
as_root := $(if $(filter 0,$(shell id -u)),,sudo)
xtask := $(or $(CARGO_TARGET_DIR),target)/release/xtask

# `make run ARGS="--port 4000"`
.PHONY: run test check bench torture site ready
run test check bench torture site: ready
	@cargo xtask $@ $(ARGS)

# What `cargo xtask` itself needs: Rust and a linker.
ready:
	@command -v cargo >/dev/null || { echo "Rust is missing: install it from https://rustup.rs, then run make again." >&2; exit 1; }
	@command -v cc >/dev/null || { echo "Installing a linker (Debian's build-essential)"; \
	  $(as_root) apt-get -qq update && $(as_root) apt-get -qq -y install build-essential >/dev/null; }
	@test -x $(xtask) || echo "Building the project's own tools, once; it takes a minute or two"
