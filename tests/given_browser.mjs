// What the JavaScript of the how-to pages finds in a browser and in the SDKs, for node: it sends what these send
// (tests/captures/ has their real requests).

const page = { origin: "https://www.example.com", referer: "https://www.example.com/" }
const headers = { Origin: page.origin, Referer: page.referer }

async function sent(url, options) {
  const answer = await fetch(url, options)
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
  return answer
}

const call = (writeKey, type, more) => ({ type, anonymousId: "c-sdk", messageId: crypto.randomUUID(), ...more, writeKey })

class BrowserSdk {
  static load({ writeKey, cdnURL }) {
    return new BrowserSdk(writeKey, sent(`${cdnURL}/v1/projects/${writeKey}/settings`).then((answer) => answer.json()))
  }

  constructor(writeKey, settings) {
    Object.assign(this, { writeKey, settings })
  }

  async send(letter, type, more) {
    const { apiHost, protocol, apiKey } = (await this.settings).integrations["Segment.io"]
    const body = JSON.stringify(call(apiKey, type, more))
    await sent(`${protocol}://${apiHost}/${letter}`, { method: "POST", headers: { ...headers, "Content-Type": "text/plain" }, body })
  }

  page() {
    return this.send("p", "page", { properties: { path: "/", url: `${page.origin}/` } })
  }

  identify(userId, traits) {
    return this.send("i", "identify", { userId, traits })
  }
}

class ServerSdk {
  constructor({ writeKey, host }) {
    Object.assign(this, { writeKey, host })
  }

  track({ userId, event }) {
    const body = JSON.stringify({ batch: [call(undefined, "track", { userId, event })] })
    const Authorization = `Basic ${btoa(`${this.writeKey}:`)}`
    return sent(`${this.host}/v1/batch`, { method: "POST", headers: { Authorization, "Content-Type": "application/json" }, body })
  }
}

const field = { value: "" }
Object.assign(globalThis, {
  AnalyticsBrowser: BrowserSdk,
  Analytics: ServerSdk,
  cookie: "c-beacon",
  location: { href: `${page.origin}/pricing` },
  document: { title: "Pricing", forms: [{ _aid: field }] },
  Image: class {
    set src(url) {
      sent(url, { headers: { Referer: page.referer } })
    }
  },
})
Object.defineProperty(globalThis, "navigator", {
  value: { sendBeacon: (url, body) => Boolean(sent(url, { method: "POST", headers, body })) },
})
