import { get, setText } from '../shared/dom.ts'
import { say } from '../shared/texts.ts'
import { whole } from './numbers.ts'

export interface Session {
  madeOn: string
  email: string
}

/** Where the session was made, and how often somebody had to log in again, which is never as it should be. */
class SessionPanel extends HTMLElement {
  /** `session` is null where nobody is signed in. */
  show(session: Session | null, servedBy: string | undefined): void {
    const text = session
      ? say('cluster.js.session', { madeOn: session.madeOn, server: servedBy })
      : say('cluster.js.noSession')
    setText(get(this, '#session-text'), text)
  }

  showLogins(count: number): void {
    get(this, '#logins').hidden = false
    setText(get(this, '#logins strong'), whole.format(count))
    this.classList.toggle('bad', count > 0)
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'session-panel': SessionPanel
  }
}
customElements.define('session-panel', SessionPanel)
