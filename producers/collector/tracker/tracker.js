// Leadline's tracker: one line in a web page reports page views, links, downloads, forms and who somebody is.
// It speaks the Segment protocol (batches of `POST /v1/b` as text/plain, which needs no preflight). This is the readable
// source; `make tracker` makes tracker.min.js of it, which the collector serves. docs/reference/tracker.md has its options and calls.
;(function () {
  const script = document.currentScript || document.querySelector("script[data-key]")
  const early = window.leadline
  if (!script || (early && early.loaded)) return

  const option = (name) => script.dataset[name] || ""
  const COLLECTOR = new URL(script.src).origin
  const DOOR = COLLECTOR + "/v1/b"
  const NAME = "_ll" // of the cookie, of the copy in localStorage, and of the parameter between sites
  const QUEUE = NAME + "q." // and a tab's own mark: what it has not delivered
  const NO = "no" // in place of an id: this visitor objected
  const BATCH = 28000 // bytes: what leaves a closing page may have 64 KiB in sum, shared with whoever else uses it
  const MOST = 500 // events that wait
  const WAITS = option("consent") == "wait"
  const PAGES = option("pages") != "no"
  const HASH = option("hash") !== ""
  const LINKED = option("link")
    .split(/[\s,]+/)
    .filter(Boolean)
  const FILES = /\.(pdf|docx?|xlsx?|pptx?|od[tsp]|csv|txt|zip|rar|7z|gz|dmg|pkg|exe|msi|apk|deb|rpm|mp[34])$/i
  const CLICKED = /^(utm_\w+|\w*cl(ic)?k?id|[gw]braid|bd_vid|li_fat_id|_gl)$/i // what names a campaign or a click, however long
  const PRIVATE = /pass(w|c|p|$)|pwd|secret|token|csrf|card|cvv|iban|(^|[^a-z])(otp|ssn|pin|cvc|csc|si[dg])([^a-z]|$)/i // of a field, a parameter
  const SECRET = /auth|sess|signature|code$|key$|mail|phone|jwt|ticket|nonce|state$|_ll$/i // of a parameter

  // A fault of ours never becomes one of the page's.
  const safe =
    (work) =>
    (...given) => {
      try {
        return work(...given)
      } catch (fault) {}
    }
  const listen = (target, names, work) => names.split(" ").forEach((name) => target.addEventListener(name, safe(work), true))
  const random = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => (byte + 256).toString(16).slice(1)).join("")

  // ---- storage: each access may throw, and may be forgotten ----

  const keep = safe((name, value) => (value ? localStorage.setItem(name, value) : localStorage.removeItem(name)))
  const kept = safe((name) => localStorage.getItem(name))
  const queues = () => safe(() => Object.keys(localStorage).filter((name) => name.indexOf(QUEUE) == 0))() || []
  const cookie = safe((value) => {
    const place =
      ";path=/;samesite=lax" + (location.protocol == "https:" ? ";secure" : "") + (option("domain") && ";domain=" + option("domain"))
    document.cookie = NAME + "=" + value + ";max-age=" + (value ? 31536000 : 0) + place
  })
  const readCookie = safe(() => (document.cookie.match(/(?:^|; )_ll=([\w.-]+)/) || [])[1])

  // ---- addresses without secrets ----

  const cleanQuery = (query) =>
    query
      .split("&")
      .filter((pair) => {
        const [name, value] = pair.split("=")
        return (
          pair &&
          !/@|%40/.test(value) &&
          (CLICKED.test(name) ||
            !(PRIVATE.test(name) || SECRET.test(name) || /^(%2b)?\d{11,}$|^(?=.*\d)(?=.*[a-z])[\w.~-]{24,}$/i.test(value)))
        )
      })
      .join("&")
  const cleanPath = (path) => path.replace(/[^/]+/g, (part) => (/@|%40|^ey[\w-]+\.|^(?=.*\d)(?=.*[a-z])\w{20,}$/i.test(part) ? "*" : part))
  const clean = (address) => {
    const url = address && safe(() => new URL(address, location.href))()
    if (!url) return ""
    if (!/^https?:$/.test(url.protocol)) return url.protocol
    const query = cleanQuery(url.search.slice(1))
    const [route, rest] = url.hash.split("?")
    const hash = HASH && route.indexOf("=") < 0 ? cleanPath(route) : ""
    const more = hash && cleanQuery(rest || "")
    return url.origin + cleanPath(url.pathname) + (query && "?" + query) + hash + (more && "?" + more)
  }

  // ---- who, and whether we may ----

  let id, user, may, events, flying, timer, shut
  let failed = 0
  let last, before, pending
  let shown = ""
  const tab = QUEUE + random()
  const hashed = (text) => [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt()) % 4294967291, 7).toString(36)
  const remember = () => {
    if (may != 1) return
    const value = id + (user && "." + user)
    cookie(value)
    keep(NAME, value)
  }
  const fresh = () => {
    id = random()
    user = ""
  }
  const forget = () => {
    clearTimeout(timer)
    timer = 0
    cookie("")
    queues()
      .concat(NAME)
      .forEach((name) => keep(name))
    fresh()
  }

  // ---- sending ----

  const save = () => may == 1 && keep(tab, events.length && JSON.stringify(events))
  const later = (delay) => {
    if (may == 1 && events.length && !timer) {
      timer = setTimeout(() => {
        timer = 0
        send()
      }, delay)
    }
  }
  const body = (batch) => JSON.stringify({ writeKey: option("key"), sentAt: new Date().toISOString(), batch })
  const bytes = (text) => new Blob([text]).size
  const batches = () => {
    const found = []
    let size = BATCH
    events.forEach((event) => {
      const more = bytes(JSON.stringify(event))
      if (size + more > BATCH) size = found.push([]) // a few bytes: what stands around them has room
      size += more
      found[found.length - 1].push(event)
    })
    return found
  }
  const send = safe(() => {
    if (may != 1 || flying || shut || !events.length) return
    const batch = batches()[0]
    const text = body(batch)
    const done = (delivered, delay) => {
      flying = 0
      if (delivered) {
        failed = 0
        events = events.filter((event) => batch.indexOf(event) < 0)
        save()
      } else failed++
      later(delivered ? 0 : (delay || Math.min(60, 2 ** failed)) * (1000 + Math.random() * 300))
    }
    flying = 1
    // A text is sent as text/plain. Without a cookie of the collector's, and going on where the page is left.
    fetch(DOOR, { method: "POST", body: text, keepalive: bytes(text) < 60000, credentials: "omit" })
      .then((answer) => {
        const status = answer.status
        shut = /40[13]/.test(status)
        done(!shut && !/429|408|5../.test(status), +answer.headers.get("Retry-After"))
      })
      .catch(() => done(0))
  })
  // What is not known to have arrived goes once more: the ids are the same, so it counts once.
  const leave = () => {
    view()
    if (may == 1 && !shut && navigator.sendBeacon) {
      batches().every((batch) => navigator.sendBeacon(DOOR, body(batch)))
    }
  }

  const emit = (type, more, url = clean(location.href)) => {
    if (!may) return
    const { pathname, hash } = new URL(url)
    const page = { url, path: pathname + hash.split("?")[0], title: document.title, referrer: before }
    events.push({ type, messageId: random(), timestamp: new Date().toISOString(), anonymousId: id, context: { page }, ...more })
    events.splice(0, events.length - MOST)
    save()
    later(100)
  }
  // ---- what happens on the page ----

  // Counts the page view that waits for its title.
  const view = safe(() => {
    if (!pending) return
    clearTimeout(pending.timer)
    last = pending.url
    before = pending.referrer
    pending = 0
    emit("page", {}, last)
  })
  const moved = (forced, replaced) => {
    const address = clean(location.href).split("#")[0] + (HASH ? location.hash : "")
    if (replaced && (pending || address.split(/[?#]/)[0] == shown.split(/[?#]/)[0])) {
      shown = address // of a filter, a map: no other page
      if (pending) pending.url = clean(location.href)
      return
    }
    if (address == shown && !forced) return
    view()
    pending = { url: clean(location.href), referrer: last && address != shown ? last : before, timer: setTimeout(view, 50) }
    shown = address
  }
  const wrap = (name, replaced) => {
    const original = history[name]
    const after = safe(() => may && moved(0, replaced))
    history[name] = function () {
      const answer = original.apply(this, arguments)
      after()
      return answer
    }
  }

  const clicked = (event) => {
    if (event.type == "auxclick" && event.button != 1) return
    const link = event.composedPath().find((each) => each.href && /^a(rea)?$/i.test(each.localName))
    if (!link || !may) return
    const address = link.href.baseVal || link.href // of SVG it is an object
    const url = new URL(address, location.href)
    const href = clean(address)
    if (link.hasAttribute("download") || FILES.test(url.pathname)) {
      emit("track", { event: "File Downloaded", properties: { file: href.split("?")[0].split("/").pop(), href } })
    } else if (url.host != location.host && url.protocol != "javascript:") {
      emit("track", { event: "Link Clicked", properties: { href } })
    }
    if (may == 1 && LINKED.indexOf(url.hostname) >= 0 && url.host != location.host && link.href == address) {
      url.searchParams.set(NAME, id + "." + Date.now().toString(36))
      link.href = url.href
      setTimeout(() => (link.href = address)) // for who copies it later
    }
  }

  const submitted = (event) => {
    const form = event.target
    const said = (name) => form.getAttribute(name) || "" // form.name is a field of that name, where there is one
    if (!form.hasAttribute("data-leadline") || !may) return
    const own = new URL(said("action"), location.href)
    if (own.origin == COLLECTOR && /^\/f\//.test(own.pathname)) {
      // The browser sends this one to the collector itself: it only lacks whose it is.
      if (may == 1)
        Object.assign(form.elements._aid || form.appendChild(document.createElement("input")), { type: "hidden", name: "_aid", value: id })
      return
    }
    const properties = {}
    for (const field of form.elements) {
      const value = field.value
      const key = field.name
      if (key == "_gotcha" && value) properties.bot = true
      if (!key || key[0] == "_" || !value || field.disabled || field.hasAttribute("data-leadline-skip")) continue
      if (/password|hidden|file|submit|button|reset/.test(field.type)) continue
      if (/checkbox|radio/.test(field.type) && !field.checked) continue
      if (PRIVATE.test(key + " " + field.id) || /\bcc-|password|one-time-code/.test(field.autocomplete)) continue
      if (field.type != "tel" && /(\d[ -]?){13}\d/.test(value)) continue // as many digits as a card's number has
      properties[key] = properties[key] ? [].concat(properties[key], value) : value
    }
    // `form` beside the properties says that they are a form's fields.
    emit("track", { event: "Form Submitted", form: said("data-leadline") || said("id") || said("name"), properties })
  }

  // ---- calls ----

  let calls = {
    page: () => moved(1),
    track: (event, properties) => emit("track", { event, properties }),
    identify: (who, traits) => {
      const more = { traits: who && typeof who == "object" ? who : traits }
      if (who && who != more.traits) {
        const known = hashed((more.userId = String(who)))
        if (user && user != known) fresh()
        user = known
        remember()
      }
      emit("identify", more)
    },
    reset: () => {
      fresh()
      remember()
    },
    grant: () => {
      if (may == 1) return
      const waited = may
      may = 1
      if (!waited || !load()) remember() // else another tab was granted it, and its id is everybody's
      events.forEach((event) => (event.anonymousId = id))
      if (!waited) moved(1) // this page, after an objection
      save()
      later(0)
    },
    withdraw: () => {
      stop()
      forget()
      if (!WAITS) {
        cookie(NO) // names nobody: without it the next page would begin again
        keep(NAME, NO)
      }
    },
    id: () => (may == 1 ? id : ""),
  }
  const stop = () => {
    may = 0
    events = []
    keep(tab) // else what this tab said while another one withdrew would stay
    clearTimeout(pending && pending.timer)
    pending = 0
  }
  // Reads who this is from what an earlier page kept. Says whether that is somebody.
  const load = () => {
    const stored = readCookie() || kept(NAME)
    if (!stored || stored == NO) return stored
    ;[id, user = ""] = stored.split(".")
    return stored
  }

  let started
  let calling = (early && early.q) || []
  const start = () => {
    started = 1
    events = []
    fresh()
    const stored = load()
    may = stored == NO ? 0 : WAITS && !stored ? 2 : 1
    const [, handed, at] = /[?&]_ll=([\w-]{32})\.(\w+)/.exec(location.search) || []
    if (handed && !user && Math.abs(Date.now() - parseInt(at, 36)) < 120000) id = handed
    before = clean(document.referrer)
    if (may == 1) {
      queues().forEach((name) => {
        events.push(...(safe(JSON.parse)(kept(name)) || []))
        keep(name)
      })
      remember()
      save()
      later(0)
    }
    if (PAGES) {
      moved(1)
      view()
      wrap("pushState")
      wrap("replaceState", 1)
      listen(window, "popstate", () => may && moved())
    }
    listen(document, "click auxclick", clicked)
    listen(document, "submit", submitted)
    listen(window, "pagehide", leave)
    listen(window, "pageshow", (event) => {
      if (!event.persisted) return
      const stored = readCookie() || kept(NAME)
      if (may == 1 && (stored ? stored == NO : WAITS)) return stop() // withdrawn meanwhile
      flying = 0
      if (may && PAGES) moved(1)
      later(0)
    })
    listen(window, "storage", (event) => {
      if (event.key == NAME && (event.newValue || NO) == NO) stop() // withdrawn in another tab
    })
    const waiting = calling
    calling = 0
    waiting.forEach((call) => api(...call))
  }
  const api = (name, ...given) => {
    if (calling) return calling.push([name, ...given])
    return calls[name] && safe(calls[name])(...given)
  }
  api.loaded = 1
  window.leadline = api
  if ((navigator.globalPrivacyControl || navigator.doNotTrack == 1) && option("respect") != "no") {
    calling = 0
    calls = {}
    return
  }
  const turned = () => {
    const hidden = document.visibilityState == "hidden"
    if (started) hidden && send(view())
    else if (!hidden && !document.prerendering) safe(start)()
  }
  listen(document, "visibilitychange prerenderingchange", turned)
  turned()
})()
