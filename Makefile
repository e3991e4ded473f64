# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
#
# The short way to everything; Meson and Ninja do the work.  Packagers call Meson themselves.
#
#	make            build into build/
#	make demo       run examples/os.lua; FILE= chooses the file that the device moves
#	make check      build twice, run every test; the last line is the tally
#	make lint       formatting, clang-tidy, cppcheck
#	make install    DESTDIR= and prefix= as usual
#	make deps       install the Debian packages that all of this needs
#	make clean

prefix = /usr/local
DESTDIR =

all: build-deps
	@scripts/build gcc

demo: all
	build/tools/iommux/iommux run examples/os.lua $(if $(FILE),"FILE=$(FILE)")

check: deps
	@scripts/check

lint: deps
	@scripts/lint

# A library that the loader's cache does not know would not be found by the first program.
install: build-deps
	@scripts/build gcc $(prefix)
	@scripts/meson install -C build --no-rebuild --quiet $(if $(DESTDIR),--destdir "$(DESTDIR)")
	@[ -n "$(DESTDIR)" ] || ldconfig 2>/dev/null || true

deps:
	@scripts/deps build check

build-deps:
	@scripts/deps build

clean:
	rm -rf build

.PHONY: all demo check lint install deps build-deps clean
