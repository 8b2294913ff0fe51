# What people type. Meson and Ninja do the work; tools/ has the scripts.
.DEFAULT_GOAL := build
.PHONY: setup build run test test-full test-threads bench fuzz install deb format lint clean

PREFIX ?= /usr/local
RUN_FLAGS ?=
SOURCES = $(shell find src tests bench -name node_modules -prune -o -name '*.[ch]' -print)

setup:
	tools/setup

build: setup
	@test -f build/release/build.ninja || meson setup build/release --buildtype=release
	ninja -C build/release
	@ln -sf release/src/main/poolhouse build/poolhouse

run: build
	@if [ -x tools/demo ]; then exec tools/demo $(RUN_FLAGS); \
	else exec build/poolhouse dev --data data $(RUN_FLAGS); fi

test: setup
	tools/test

# The long forms; PARTS names some of them (tools/test-full).
test-full: setup
	tools/setup --long
	tools/test-full $(PARTS)

# What has threads, under ThreadSanitizer.
test-threads: setup
	@test -f build/tsan/build.ninja || meson setup build/tsan -Db_sanitize=thread -Db_lundef=false
	ninja -C build/tsan
	meson test -C build/tsan --no-rebuild --suite unit --print-errorlogs

bench: build
	bench/run

fuzz: setup
	@test -f build/fuzz/build.ninja || CC=clang meson setup build/fuzz -Dfuzzing=true \
		-Db_sanitize=address,undefined -Db_lundef=false
	ninja -C build/fuzz
	tools/fuzz build/fuzz

install: build
	meson configure build/release --prefix=$(PREFIX)
	meson install -C build/release

deb: setup
	tools/deb

format: setup
	clang-format -i $(SOURCES)

lint: setup
	clang-format --dry-run -Werror $(SOURCES)
	@for check in tools/check-*; do [ ! -x $$check ] || $$check || exit 1; done

clean:
	rm -rf build
