// Leadline's tracker: one line in a web page reports page views, links, downloads, forms and who somebody is.
// It speaks the Segment protocol (batches of `POST /v1/b` as text/plain, which needs no preflight). This is the readable
// source; `make tracker` makes tracker.min.js of it, which the collector serves. docs/reference/tracker.md has its options and calls.
;(function () {
  const script = document.currentScript
  const early = window.leadline || 0
  if (!script || early.loaded) return

  const { key, consent, domain, link = "", hash, pages, respect } = script.dataset
  const COLLECTOR = new URL(script.src).origin
  const NAME = "_ll" // of the cookie, of the copy in localStorage, and of the parameter between sites
  const QUEUE = "_llq." // and a tab's own mark: what it has not delivered
  const NO = "no" // in place of an id: this visitor objected
  const BATCH = 9000 // characters, of three bytes at most: what leaves a closing page may have 64 KiB in sum, shared with whoever else uses it
  const SEPARATOR = ",\n" // no JSON has it inside
  const MOST = 500 // events that wait
  const LONGEST = 2000 // characters of an address
  const WAITS = consent != undefined // a value that is misspelt waits, too
  const PAGES = pages != "no" && location.host // what a frame bears in itself is no page
  const HASH = hash && hash != "no"
  const LINKED = link.match(/[^\s,]+/g)
  const FILES = /\.(pdf|(doc|xls|ppt)x?|od[tsp]|csv|txt|zip|rar|7z|gz|dmg|pkg|exe|msi|apk|deb|rpm|mp[34])$/i
  const CLICKED = /^(utm_\w+|\w*cl(ic)?k?id|[gw]braid|bd_vid|li_fat_id)$/i // what names a campaign or a click, however long
  const PRIVATE = /pass(?![aei])|pwd|secret|token|card|cvv|iban|^code\b|\bcc-|(sms|auth|login|secur|verif|time)[\w-]*code|(^|[^a-z])(otp|ssn|pin|cvc|csc|si[dg])([^a-z]|$)/i // of a field, a parameter
  const SECRET = /auth|sess|signature|mail|phone|(code|key|state|tel|_ll)(=|$)/i // of a parameter
  // A mail address, a UUID, letters and digits together, or many changes between those, and of small letters to capitals.
  const TOKEN = /@|(-[\dA-f]{4}){3}|^(?=.*\d)(?=.*\D)\w{20,}$|^(?=.*\d)(?=.{20})(.*?(\d[A-z]|[a-z][A-Z])){4}/
  const CARD = /[1-9]([\s.-]?\d){13}/ // as many digits as a card's number has, and no phone number

  // A fault of ours never becomes one of the page's.
  const safe =
    (work) =>
    (...given) => {
      try {
        return work(...given)
      } catch (fault) {}
    }
  // Whether a host is another one of the site's.
  const ours = safe((url) => LINKED.includes(new URL(url).hostname))
  const listen = (target, name, work) => target.addEventListener(name, safe(work), true)
  const random = () => crypto.getRandomValues(new Uint8Array(32)).reduce((text, byte) => text + (byte % 16).toString(16), "")

  // ---- storage: each access may throw, and may be forgotten ----

  const keep = safe((name, value) => (value ? (localStorage[name] = value) : delete localStorage[name]))
  const kept = safe((name) => localStorage[name])
  // Takes what tabs before this one could not deliver.
  const drain = safe((take) =>
    Object.keys(localStorage).forEach((name) => {
      if (name.indexOf(QUEUE)) return
      safe(take)(kept(name))
      keep(name)
    })
  )
  const cookie = safe((value, place) => {
    document.cookie = "_ll=" + value + ";path=/;samesite=lax;max-age=" + (value ? 31536000 : 0) + (place ? ";domain=" + place : "") + (/s:/.test(location.protocol) ? ";secure" : "")
  })
  const readCookie = safe(() => /\b_ll=([\w.-]+)/.exec(document.cookie)[1])
  // Where the domain has no say, as `co.uk` has none, the host alone keeps it.
  const write = (value) => {
    cookie("") // the host's own, of the time before the site named a domain
    cookie(value, domain)
    if (readCookie() != value) cookie(value)
    keep(NAME, value)
  }
  // What this browser keeps. Of several hosts that share a cookie, another one's copy knows nothing of a withdrawal.
  const stored = () => readCookie() || (WAITS && domain ? "" : kept(NAME))

  // ---- addresses without secrets ----

  // As it reads, however often it was percent-encoded: an address in an address is.
  const plain = (text) => text.replace(/%(?:25)*([2-7][\da-f])/gi, (all, code) => String.fromCharCode("0x" + code))
  const cleanQuery = (query) => {
    const harmless = (pair) => {
      // Up to the last `=`: names, also those in an address that is a value.
      const [, names, value] = /(?:(.*)=)?(.*)/.exec(plain(pair).replace(/=+$/, ""))
      return (
        !/@/.test(names + value) &&
        (CLICKED.test(names) || !(PRIVATE.test(names) || SECRET.test(names) || /^\+?\d{11,}$/.test(value) || TOKEN.test(value)))
      )
    }
    const left = query.slice(1).split("&").filter((pair) => pair.length < 500).filter(harmless).join("&")
    return left && "?" + left
  }
  const cleanPath = (path) => path.replace(/[^/]+/g, (part) => (TOKEN.test(plain(part)) ? "*" : part))
  const clean = (address) => {
    const url = new URL(address, document.baseURI)
    if (!/^http/.test(url.protocol)) return url.protocol
    const [, route, query] = /([^?]*)(.*)/.exec(url.hash)
    const hash = HASH && !/=/.test(route) ? cleanPath(route) + cleanQuery(query) : ""
    return (url.origin + cleanPath(url.pathname) + cleanQuery(url.search) + hash).slice(0, LONGEST)
  }

  // Of an address that was cleaned, or to compare two.
  const path = (url) => url.replace(/^\w+:(\/\/[^/]*)?|\?[^#]*/g, "")

  // ---- who, and whether we may ----

  let id, user, may, held, events, flying, timer, shut
  let failed = 0
  let sent, last, before, pending, since
  let shown = ""
  const tab = QUEUE + random()
  const hashed = (text) => {
    let sum = 7
    for (const letter of text) sum = (sum * 31 + letter.charCodeAt()) % 4294967291
    return sum.toString(36)
  }
  const remember = () => {
    if (may != 1) return
    write(id + (user && "." + user))
    held = stored()
  }
  const fresh = () => {
    id = random()
    user = ""
  }
  const stop = () => {
    may = 0
    events = []
    keep(tab) // else what this tab said while another one withdrew would stay
    pending = 0
    fresh()
  }
  // Takes over what another page decided meanwhile: who this is, and whether we may.
  const allowed = () => {
    const found = stored()
    if (found == NO || (WAITS && held && !found)) stop()
    else if (found && may == 1) [id, user = ""] = found.split(".")
    return may
  }

  // ---- sending ----

  const save = () => allowed() == 1 && keep(tab, events.length && "[" + events.join(SEPARATOR) + "]")
  const later = (delay) => {
    timer =
      timer ||
      setTimeout(() => {
        timer = 0
        send()
      }, delay)
  }
  const body = (batch) => '{"batch":[' + batch + "]," + JSON.stringify({ writeKey: key, sentAt: new Date() }).slice(1)
  const batches = () => {
    const found = []
    let size = Infinity
    if (!shut && allowed() == 1) {
      for (const event of events) {
        size += event.length
        if (size > BATCH) size = found.push([]) && event.length
        found[found.length - 1].push(event)
      }
    }
    return found
  }
  const send = safe(() => {
    const batch = !flying && batches()[0]
    if (!batch) return
    const text = body(batch)
    const done = (delivered, delay) => {
      flying = 0
      failed++
      if (delivered) {
        failed = 0
        events = events.filter((event) => !batch.includes(event))
      }
      save()
      later(delivered ? 0 : (delay > 0 ? Math.min(delay, 9000) : Math.min(60, 2 ** failed)) * (1000 + Math.random() * 300))
    }
    // A text is sent as text/plain. Without a cookie of the collector's, and going on where the page is left.
    fetch(COLLECTOR + "/v1/b", { method: "POST", body: text, keepalive: text.length < 20000, credentials: "omit" })
      .then(
        (answer) => {
          shut = /40[13]/.test(answer.status)
          done(!/40[138]|429|5../.test(answer.status), +answer.headers.get("Retry-After"))
        },
        () => done(0)
      )
    flying = 1
  })
  // What is not known to have arrived goes once more: the ids are the same, so it counts once.
  const leave = () => {
    view()
    batches().every((batch) => navigator.sendBeacon(COLLECTOR + "/v1/b", body(batch)))
  }

  // Written down at once: what the page does with its objects later changes nothing, and what is no JSON harms nothing else.
  const emit = (type, more, url = clean(location.href)) => {
    if (!allowed()) return
    events.push(
      JSON.stringify({
        type,
        messageId: random(),
        timestamp: new Date(),
        anonymousId: id,
        context: { page: { url, path: path(url), title: document.title, referrer: before } },
        ...more,
      })
    )
    events = events.slice(-MOST)
    save()
    later(100)
  }

  const track = (event, properties) => emit("track", { event, properties })

  // ---- what happens on the page ----

  // Counts the page view that waits for its title.
  const view = safe(() => {
    if (!pending) return
    clearTimeout(pending)
    pending = 0
    const url = clean(shown)
    if (last && url != last) before = last
    last = url
    emit("page", { timestamp: since }, url)
  })
  const moved = (how) => {
    const address = location.href.split(HASH ? " " : "#")[0]
    // Another query is no other page where it replaces one, as a filter's or a map's does.
    if (how != "replace" || (!pending && path(address) != path(shown))) {
      if (address == shown && how != 1) return
      view()
      since = new Date() // what happens meanwhile happens on the page, behind its view
      pending = setTimeout(view, 50)
    }
    shown = address
  }
  const hopped = safe(({ navigationType }) => may && moved(navigationType))
  const wrap = (navigationType) => {
    const name = navigationType + "State"
    const original = history[name]
    history[name] = function () {
      const answer = original.apply(this, arguments)
      hopped({ navigationType })
      return answer
    }
  }

  const clicked = (event) => {
    const link = event.composedPath().find((each) => each.href && /^a(rea)?$/.test(each.localName))
    if (event.button > 1) return
    const address = link.href.baseVal || link.href // of SVG it is an object; a click beside links has none, and ends here
    const url = new URL(address, document.baseURI)
    const href = clean(url)
    const away = url.host != location.host
    if (link.hasAttribute("download") || FILES.test(url.pathname)) {
      track("File Downloaded", { file: link.getAttribute("download") || path(href).split("/").pop(), href })
    } else if (away && href != "javascript:") {
      track("Link Clicked", { href })
    }
    if (allowed() == 1 && away && ours(url) && link.href == address) {
      url.searchParams.set(NAME, id + "." + Date.now().toString(36))
      link.href = url.href
      setTimeout(() => (link.href = address)) // for who copies it later
    }
  }

  const goesToUs = (form) => new URL(form.getAttribute("action") || "", document.baseURI).href.startsWith(COLLECTOR + "/f/")
  // The browser sends such a form to the collector itself: it only lacks whose it is.
  const gathered = ({ target, formData }) => {
    if (target.hasAttribute("data-leadline") && goesToUs(target) && calls.id()) formData.set("_aid", id)
  }
  const submitted = (event) => {
    const form = event.target // a field may be called as a property of it: `name`, `id`, `action`, `elements`
    const name = form.getAttribute("data-leadline")
    if (name === null || goesToUs(form)) return
    const properties = {}
    for (const field of form) {
      const { name, type } = field
      if (name == "_gotcha" && field.value) properties.bot = true
      if (
        /^(_|$)/.test(name) ||
        field.closest(":disabled,[data-leadline-skip]") ||
        /password|hidden|file|submit|button|reset|output|checkbox|radio/.test(!field.checked && type) ||
        PRIVATE.test([name, field.id, field.autocomplete])
      )
        continue
      for (const { value } of field.selectedOptions || [field]) {
        if (value && !CARD.test(value)) properties[name] = properties[name] ? [].concat(properties[name], value) : value
      }
    }
    if (sent == (sent = JSON.stringify([name, properties]))) return // a button that was pressed twice
    // `form` beside the properties says that they are a form's fields.
    emit("track", { event: "Form Submitted", form: name || form.getAttribute("id") || form.getAttribute("name"), properties })
  }

  // ---- calls ----

  const go = () => {
    remember()
    save()
    later(0)
  }
  const calls = {
    page: () => moved(1),
    track,
    identify: (who, traits) => {
      const more = { traits: who === Object(who) ? who : traits }
      if (who && who != more.traits) {
        allowed()
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
      if (allowed() == 1) return
      const waited = may
      const was = id
      const found = stored()
      may = 1
      if (found && found != NO) allowed() // another tab was granted it, and its id is everybody's
      events = events.map((event) => event.replace(was, id))
      if (!waited && PAGES) moved(1) // this page, after an objection
      go()
    },
    withdraw: () => {
      stop()
      cookie("", domain)
      cookie("")
      drain()
      keep(NAME)
      if (!WAITS) write(NO) // names nobody: without it the next page would begin again
    },
    id: () => allowed() == 1 && id,
  }

  let calling = early.q || []
  const start = () => {
    events = []
    fresh()
    const found = stored()
    may = found == NO ? 0 : WAITS && !found ? 2 : 1
    allowed()
    const [, handed, at] = /[?&]_ll=(\w{32})\.(\w+)/.exec(location.search) || []
    before = document.referrer && clean(document.referrer)
    if (handed && !user && ours(before) && Date.now() - parseInt(at, 36) < 120000) id = handed
    // Without consent, what an earlier page left is of a time before it was withdrawn.
    drain(may == 1 && ((text) => events.push(...text.slice(1, -1).split(SEPARATOR))))
    if (may != 1) keep(NAME, found)
    go()
    if (PAGES) {
      moved(1)
      view()
      wrap("push")
      wrap("replace")
      listen(window, "popstate", hopped)
      // Frameworks that move on without `history`.
      listen(window.navigation || window, "currententrychange", hopped)
    }
    listen(document, "click", clicked)
    listen(document, "auxclick", clicked)
    listen(document, "submit", submitted)
    listen(document, "formdata", gathered)
    listen(window, "pagehide", leave)
    listen(window, "pageshow", (event) => {
      if (!event.persisted) return
      flying = 0
      later(0)
      if (PAGES && may) moved(1)
    })
    const waiting = calling
    calling = 0
    waiting.forEach((call) => api(...call))
  }
  const api = (name, ...given) => {
    return (calling ? !calling.push([name, ...given]) : safe(calls[name])(...given)) || ""
  }
  api.loaded = 1
  window.leadline = api
  if ((navigator.globalPrivacyControl || navigator.doNotTrack == 1) && respect != "no") {
    calling = 0
    delete calls.grant // all others do nothing without, but for `withdraw`: who was tracked before may still object
    return
  }
  // A page that is prerendered is hidden, too.
  const turned = () => {
    if (events) document.hidden && send(view())
    else if (!document.hidden) safe(start)()
  }
  listen(document, "visibilitychange", turned)
  turned()
})()
