# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
#
# The short way to everything; Meson and Ninja do the work.  Packagers call Meson themselves.
#
#	make            build into build/
#	make demo       run the scenarios of examples/ on both machines, replay a trace; FILE= chooses the
#	                file that a device moves in os.lua
#	make check      build twice, run every test; the last line is the tally
#	make check-report   use reports in headless Chromium; pictures of them in build/check-report/
#	make soak       random requests to each model and to its twin, ten million; REQUESTS=, SEED=
#	make baremetal  our drivers on QEMU's IOMMUs, without a system below them; OURS=1: also on our models
#	make bench      measure; make bench-instructions counts instructions too, and takes longer
#	make fuzz       half an hour of libFuzzer for each target; TARGETS= chooses, SECONDS= as well
#	make linux      boot Linux in QEMU with the models in front of its devices; ONLY= chooses
#	make mutate     seed faults, one at a time, and see which test notices; IDS= chooses requirements
#	make coverage   which lines and branches the tests reach
#	make lint       formatting, clang-tidy, cppcheck
#	make install    DESTDIR= and prefix= as usual
#	make deps       install the Debian packages that all of this needs
#	make clean

prefix = /usr/local
DESTDIR =

all: build-deps
	@scripts/build gcc

SCENARIOS = os hypervisor guest ats migrate sva interrupts

demo: all
	@set -e; for arch in riscv vtd; do for scenario in $(SCENARIOS); do \
		set --; [ $$scenario != os ] || set -- $(if $(FILE),"FILE=$(FILE)"); \
		echo "iommux run --arch $$arch examples/$$scenario.lua"; \
		build/tools/iommux/iommux run --arch $$arch examples/$$scenario.lua "$$@"; \
	done; done
	build/tools/iommux/iommux run examples/mrif.lua
	build/tools/iommux/iommux replay tests/traces/guest-riscv.iomtrace
	build/tools/iommux/iommux replay --event 651 tests/traces/guest-riscv.iomtrace
	@mkdir -p build/demo
	build/tools/iommux/iommux run --report build/demo/report.html examples/guest.lua >build/demo/report.txt
	@echo "What its IOMMUs did is in build/demo/report.html, for a browser."

check-report: build-deps
	@scripts/deps report
	@scripts/build gcc
	@mkdir -p build/demo
	@build/tools/iommux/iommux run --report build/demo/report.html examples/guest.lua >build/demo/report.txt
	@scripts/check-report

check: deps
	@scripts/check

soak: all
	@build/tests/soak_riscv $(or $(REQUESTS),10000000) $(or $(SEED),1)
	@build/tests/soak_vtd $(or $(REQUESTS),10000000) $(or $(SEED),1)

baremetal: deps
	@scripts/baremetal $(if $(OURS),--ours)

bench: all
	@build/bench/iommux-bench

bench-instructions: all
	@build/bench/iommux-bench --instructions

fuzz: deps
	@scripts/fuzz --seconds $(or $(SECONDS),1800) $(TARGETS)

linux: build-deps
	@scripts/deps linux kernel
	@scripts/linux $(if $(ONLY),--only '$(ONLY)')

mutate: build-deps
	@scripts/mutate $(IDS)

coverage: deps
	@scripts/coverage

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

.PHONY: all demo check check-report soak baremetal bench bench-instructions fuzz linux mutate coverage lint install deps build-deps clean
