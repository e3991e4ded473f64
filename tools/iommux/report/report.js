/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The iommux authors */
"use strict";
/*
 * What can be chosen on the page: the unit, the step that the machine shows, the request whose walk is
 * shown.  Text from the recording goes into the page as text, never as markup.
 */
(() => {
const VERBS = { read: "reads", write: "writes", execute: "reads to execute", atomic: "changes" };
const HOW = ["", " stored", " changed in one step", " not changed: it was no longer as read"];
const PLAY_MS = 900;

function role(root, name) {
	return root.querySelector(`[data-role="${name}"]`);
}

function make(tag, className, ...content) {
	const e = document.createElement(tag);
	if (className)
		e.className = className;
	e.append(...content.filter(c => c !== null));
	return e;
}

function seconds(ns) {
	return (ns / 1e9).toFixed(6) + " s";
}

function plural(count, one) {
	return `${count} ${one}${count === 1 ? "" : "s"}`;
}

/* ---- A step in words ---- */

const kinds = {
	request(s, unit) {
		const pasid = "pasid" in s ? ` as process ${s.pasid}` : "";
		const verb = s.at === 1 ? "asks to translate" : VERBS[s.do] || s.do;
		const bytes = s.at === 1 ? "" : ` ${plural(s.bytes, "byte")} at`;
		const translated = s.at === 2 ? ", already translated" : "";
		return `${s.dev}${pasid} ${verb}${bytes} ${s.iova}${translated}`;
	},
	command: s => `The unit fetches a command: ${s.name}`,
	interrupt: s => "wire" in s ? `The unit raises wire ${s.wire}` : `The unit sends an interrupt message to ${s.msi[0]}`,
	message: s => s.from ? `${s.dev} sends a message` : `The unit sends ${s.dev} a message`,
};

function tables(s) {
	return s.own.filter(a => a[0] <= 5).length;
}

function verdict(s) {
	if (s.is === "granted")
		return make("span", "verdict yes", "granted");
	return make("span", "verdict no", s.is);
}

function answer(s) {
	const p = document.createDocumentFragment();
	p.append(make("span", "verdict " + (s.is === "granted" ? "yes" : "no"), s.is === "granted" ? "Granted" :
		s.is === "stalled" ? "Stalled" : "Refused"));
	if (s.is !== "granted") {
		p.append(s.why ? `: ${s.why}` + (s.code ? ` (${s.code})` : "") : "");
		return p;
	}
	const may = ["read", "write", "execute"].filter((_, bit) => s.perm >> bit & 1).join(", ");
	if (s.target === 2)
		p.append(": an interrupt message", s.msi ? `, sent to ${s.msi[0]} with ${s.msi[1]}` : "");
	else if (s.target === 1)
		p.append(`: an interrupt file in memory, at ${s.spa}`);
	else
		p.append(`: ${s.iova} is ${s.spa}. It holds for ${size(s.lg2)} around it, to ${may}.`);
	return p;
}

function size(lg2) {
	const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
	return `${2 ** (lg2 % 10)} ${units[Math.floor(lg2 / 10)]}`;
}

function facts(s, pairs) {
	const dl = make("dl", "pairs");
	for (const [name, value] of pairs)
		dl.append(make("dt", "", name), make("dd", "", value));
	return dl;
}

/* ---- The machine ---- */

class Machine {
	constructor(unit) {
		this.unit = unit;
		this.svg = unit.root.querySelector(".machine");
		this.totals = new Map();
		for (const text of this.svg.querySelectorAll(".count"))
			this.totals.set(text, text.textContent);
	}

	parts(at) {
		return this.svg.querySelectorAll(`[data-at="${at}"]`);
	}

	light(at, ...classes) {
		for (const part of this.parts(at)) {
			if (part.tagName === "text")
				continue;
			part.classList.add("on", ...classes);
			if (part.classList.contains("arrow"))
				for (const end of ["marker-start", "marker-end"])
					if (part.hasAttribute(end))
						part.setAttribute(end, classes.includes("no") ? "none" : "url(#head-on)");
		}
	}

	say(at, text) {
		for (const part of this.parts(at))
			if (part.tagName === "text")
				part.textContent = text;
	}

	clear(stepping) {
		for (const part of this.svg.querySelectorAll(".on, .now")) {
			part.classList.remove("on", "yes", "no", "now");
			for (const end of ["marker-start", "marker-end"])
				if (part.hasAttribute(end))
					part.setAttribute(end, "url(#head)");
		}
		this.svg.classList.toggle("stepping", stepping);
		for (const [text, total] of this.totals)
			text.textContent = !stepping || !text.dataset.at ? total : "";
	}

	box(dev) {
		const at = this.unit.data.devices.indexOf(dev);
		return at < 0 ? this.unit.data.devices.length - 1 : at;
	}

	show(s) {
		this.clear(true);
		this.light("unit");
		if (s.kind === "request")
			this.request(s);
		else if (s.kind === "command")
			["command", "table 7"].forEach(at => this.light(at));
		else if (s.kind === "interrupt")
			["interrupt", "interrupts"].forEach(at => this.light(at));
		else
			this.message(s);
	}

	message(s) {
		const box = this.box(s.dev);
		this.light(`device ${box}`);
		this.light(`${s.from ? "ask" : "tell"} ${box}`);
	}

	request(s) {
		const box = this.box(s.dev);
		const ok = s.is === "granted";
		this.light(`device ${box}`);
		this.light(`ask ${box}`, ok ? "yes" : "no");
		this.say(`device ${box}`, s.do);
		if (tables(s)) {
			["walks", "walk"].forEach(at => this.light(at));
			this.say("walks", plural(tables(s), "access").replace("accesss", "accesses"));
		} else if (ok) {
			this.light("caches");
			this.say("caches", "known");
		}
		this.touched(s);
		if (!ok)
			this.light(`stop ${box}`);
		else if (!s.target) {
			this.light("grant", "yes");
			this.light("data");
			this.say("grant", "granted");
		}
		if (s.msi || s.target) {
			this.light("interrupt");
			this.light("interrupts");
		}
		this.say("refused", ok ? "" : s.is);
	}

	touched(s) {
		const count = new Map();
		for (const access of s.own)
			count.set(access[0], (count.get(access[0]) || 0) + 1);
		for (const [of, n] of count) {
			this.light(`table ${of}`);
			this.say(`table ${of}`, "\u00d7" + n);
		}
	}

	now(of) {
		for (const part of this.svg.querySelectorAll(".now"))
			part.classList.remove("now");
		for (const part of this.parts(`table ${of}`))
			if (part.tagName === "rect")
				part.classList.add("now");
	}
}

/* ---- The walk ---- */

class Walk {
	constructor(unit) {
		this.unit = unit;
		this.at = -1;
		for (const name of ["device", "show", "requests", "asked", "accesses", "answer", "listed", "inner", "walk-at",
			"walk-back", "walk-next"])
			this[name] = role(unit.root, name);
		this.requestSteps = unit.data.steps.map((s, i) => [s, i]).filter(([s]) => s.kind === "request");
		for (const dev of new Set(this.requestSteps.map(([s]) => s.dev)))
			this.device.append(new Option(dev, dev));
		this.device.addEventListener("change", () => this.list());
		this.show.addEventListener("change", () => this.list());
		this.requests.addEventListener("change", () => unit.choose(+this.requests.value + 1));
		this["walk-back"].addEventListener("click", () => this.go(-1));
		this["walk-next"].addEventListener("click", () => this.go(1));
		this.inner.addEventListener("change", () => {
			this.accesses.classList.toggle("outer", !this.inner.checked);
			this.step(-1);
		});
		this.list();
	}

	passes(s) {
		const show = this.show.value;
		return (!this.device.value || s.dev === this.device.value) &&
			(!show || (show === "refused" ? s.is !== "granted" : show === "walked" ? tables(s) > 0 : tables(s) === 0));
	}

	list() {
		const passing = this.requestSteps.filter(([s]) => this.passes(s));
		this.requests.replaceChildren(...passing.map(([s, i]) => {
			const mark = s.is === "granted" ? "" : " \u2715 " + s.is;
			return new Option(`${s.event}  ${s.dev} ${s.do} ${s.iova}${mark}`, i);
		}));
		this.listed.textContent = plural(passing.length, "request");
		if (passing.length && !passing.some(([, i]) => i === this.shown))
			this.put((passing.find(([s]) => tables(s) && s.is === "granted") || passing[0])[1]);
		this.requests.value = this.shown;
	}

	put(index) {
		const s = this.unit.data.steps[index];
		this.shown = index;
		this.requests.value = index;
		this.asked.replaceChildren(make("b", "", kinds.request(s)),
			make("span", "d", `  event ${s.event}, ${seconds(s.ns)}`));
		this.accesses.replaceChildren(...s.own.map(a => this.access(a)));
		const nested = s.own.some(a => a[0] === 3) && s.own.some(a => a[0] === 4);
		this.accesses.classList.toggle("nested", nested);
		this.inner.parentNode.hidden = !nested;
		if (!s.own.length)
			this.accesses.append(make("li", "", "Nothing: the answer was in the unit\u2019s caches."));
		if (s.more)
			this.accesses.append(make("li", "", `And ${s.more} more.`));
		this.answer.className = "answer " + (s.is === "granted" ? "yes" : "no");
		this.answer.replaceChildren(answer(s));
		this.step(-1);
	}

	access([of, how, address, bytes, words, more, what, meaning]) {
		const li = make("li", of === 4 ? "inner" : "");
		const line = make("span", "says");
		li.append(`${what || this.unit.data.tables[of]} `,
			make("code", "d", address + (bytes === 8 ? "" : `/${bytes}`)), HOW[how]);
		if (how >= 2)
			line.append(make("code", "word", more), " becomes ");
		for (const word of words.split(" ").filter(w => w))
			line.append(make("code", "word", word), " ");
		if (how < 2 && more)
			line.append(make("span", "bad", more), " ");
		line.append(meaning);
		li.append(line);
		return li;
	}

	/* The machine shows the same request. */
	go(by) {
		if (this.unit.at !== this.shown + 1)
			this.unit.choose(this.shown + 1);
		this.step(this.next(by));
	}

	/* The access before or behind, of those that are shown. */
	next(by) {
		const own = this.unit.data.steps[this.shown].own;
		let at = this.at + by;
		while (own[at] && own[at][0] === 4 && this.accesses.matches(".nested.outer"))
			at += by;
		return at;
	}

	step(at) {
		const s = this.unit.data.steps[this.shown];
		const count = s ? s.own.length : 0;
		this.at = Math.max(-1, Math.min(at, count - 1));
		[...this.accesses.children].forEach((li, i) => {
			li.classList.toggle("now", i === this.at);
			if (i === this.at) {
				li.setAttribute("aria-current", "step");
				this.unit.machine.now(s.own[i][0]);
				li.scrollIntoView({ block: "nearest" });
			} else {
				li.removeAttribute("aria-current");
			}
		});
		this["walk-back"].disabled = this.at < 0;
		this["walk-next"].disabled = this.at >= count - 1;
		this["walk-at"].textContent = count ? (this.at < 0 ? plural(count, "access").replace("accesss", "accesses") :
			`${this.at + 1} of ${count}`) : "";
	}
}

/* ---- A unit ---- */

class Unit {
	constructor(root) {
		this.root = root;
		this.data = JSON.parse(role(root, "data").textContent);
		this.at = 0;
		for (const name of ["all", "back", "play", "next", "refusal", "slider", "position", "say"])
			this[name] = role(root, name);
		this.machine = new Machine(this);
		this.walk = new Walk(this);
		this.slider.max = this.data.steps.length;
		this.slider.addEventListener("input", () => this.choose(+this.slider.value));
		this.all.addEventListener("click", () => this.choose(0));
		this.back.addEventListener("click", () => this.choose(this.at - 1));
		this.next.addEventListener("click", () => this.choose(this.at + 1));
		this.refusal.addEventListener("click", () => this.choose(this.nextRefused()));
		this.play.addEventListener("click", () => this.timer ? this.stop() : this.start());
		this.cursors();
		this.faults();
		this.choose(0);
	}

	nextRefused() {
		const steps = this.data.steps;
		for (let i = 0; i < steps.length; i++) {
			const n = (this.at + i) % steps.length;
			if (steps[n].kind === "request" && steps[n].is !== "granted")
				return n + 1;
		}
		return 0;
	}

	/* 0: all of the recording, n: step n - 1 */
	choose(at) {
		const steps = this.data.steps;
		this.at = Math.max(0, Math.min(at, steps.length));
		const s = steps[this.at - 1];
		this.slider.value = this.at;
		this.position.textContent = s ? `Step ${this.at} of ${steps.length}` : `All ${plural(steps.length, "step")}`;
		this.slider.setAttribute("aria-valuetext", s ? kinds[s.kind](s) : "all of the recording");
		this.all.setAttribute("aria-pressed", !s);
		this.back.disabled = !this.at;
		this.next.disabled = this.play.disabled = this.at === steps.length;
		this.refusal.disabled = !steps.some(t => t.kind === "request" && t.is !== "granted");
		if (this.at === steps.length)
			this.stop();
		this.cursor(s);
		if (!s) {
			this.machine.clear(false);
			this.say.replaceChildren(make("p", "what d", "All of it at once. Next and Play go through it."));
			return;
		}
		this.machine.show(s);
		if (s.kind === "request")
			this.walk.put(this.at - 1);
		this.tell(s);
	}

	tell(s) {
		const pairs = [["event", `${s.event}, ${seconds(s.ns)}`]];
		const what = make("p", "what", kinds[s.kind](s));
		if (s.kind === "request") {
			const n = tables(s);
			what.append(": ", verdict(s));
			if (s.why)
				pairs.push(["why", s.why + (s.code ? ` (${s.code})` : "")]);
			else if (!s.target)
				pairs.push(["memory at", s.spa]);
			pairs.push(["found", n ? `by ${n} ${n === 1 ? "access" : "accesses"} to tables` : "without reading a table"]);
			if (s.msi)
				pairs.push(["interrupt", `${s.msi[1]} to ${s.msi[0]}`]);
		} else if (s.kind === "command") {
			pairs.push(["words", s.words], ["fields", s.fields || "none that are known"]);
		} else if (s.kind === "interrupt" && s.msi) {
			pairs.push(["data", s.msi[1]]);
		} else if (s.kind === "message") {
			pairs.push(["message", s.text]);
		}
		this.say.replaceChildren(what, facts(s, pairs));
		if (s.kind === "request") {
			const link = make("a", "", "Its walk, step by step");
			link.href = "#" + this.root.querySelector('[id^="walk-"]').id;
			this.say.append(make("p", "", link));
		}
	}

	start() {
		const step = () => this.choose(this.at + 1);
		step();
		this.timer = setInterval(step, PLAY_MS);
		this.play.textContent = "Pause";
		this.play.setAttribute("aria-pressed", "true");
	}

	stop() {
		clearInterval(this.timer);
		this.timer = 0;
		this.play.textContent = "Play";
		this.play.setAttribute("aria-pressed", "false");
	}

	/* The step in the drawings of addresses; a click there chooses the nearest. */
	cursors() {
		this.lines = [...this.root.querySelectorAll(".map")].map(svg => {
			const line = document.createElementNS(svg.namespaceURI, "line");
			const place = svg.querySelector("[data-first]").dataset;
			const axis = { svg, line, field: place.by, first: +place.first, last: +place.last, left: +place.left,
				width: +place.width };
			line.setAttribute("class", "cursor");
			line.setAttribute("y1", place.top);
			line.setAttribute("y2", place.bottom);
			svg.append(line);
			svg.addEventListener("click", e => this.choose(this.nearest(axis, e)));
			return axis;
		});
	}

	nearest(axis, click) {
		const point = new DOMPoint(click.clientX, click.clientY).matrixTransform(axis.svg.getScreenCTM().inverse());
		const at = axis.first + (point.x - axis.left) / axis.width * (axis.last - axis.first + 1);
		let best = 0;
		this.data.steps.forEach((s, i) => {
			if (Math.abs(s[axis.field] - at) < Math.abs(this.data.steps[best][axis.field] - at))
				best = i;
		});
		return best + 1;
	}

	cursor(s) {
		for (const axis of this.lines) {
			axis.line.style.display = s ? "" : "none";
			if (!s)
				continue;
			const x = axis.left + (s[axis.field] - axis.first) / (axis.last - axis.first + 1) * axis.width;
			axis.line.setAttribute("x1", x);
			axis.line.setAttribute("x2", x);
		}
	}

	/* First events become ways to their walks. */
	faults() {
		for (const span of this.root.querySelectorAll("[data-event]")) {
			const at = this.data.steps.findIndex(s => s.kind === "request" && s.event === +span.dataset.event);
			if (at < 0)
				continue;
			const button = make("button", "", span.textContent);
			button.type = "button";
			button.title = "Show its walk";
			button.addEventListener("click", () => {
				this.choose(at + 1);
				const walk = this.root.querySelector('[id^="walk-"]');
				walk.scrollIntoView();
				walk.focus({ preventScroll: true });
			});
			span.replaceChildren(button);
		}
	}
}

/* ---- The page ---- */

function units() {
	const roots = [...document.querySelectorAll(".unit")].filter(root => root.tagName === "SECTION");
	const chosen = role(document, "units");
	const all = roots.map(root => new Unit(root));
	const busiest = all.reduce((best, u, i) => u.data.steps.length > all[best].data.steps.length ? i : best, 0);
	const show = n => roots.forEach((root, i) => {
		root.hidden = i !== n;
		if (chosen.children[i])
			chosen.children[i].setAttribute("aria-pressed", i === n);
	});
	if (roots.length < 2) {
		chosen.hidden = true;
		return;
	}
	roots.forEach((root, i) => {
		const title = root.dataset.title.replace(` of ${document.querySelector("h1").textContent}`, "");
		const button = make("button", "", title);
		button.type = "button";
		button.addEventListener("click", () => show(i));
		chosen.append(button);
	});
	show(busiest);
}

document.documentElement.classList.add("js");
units();
})();
