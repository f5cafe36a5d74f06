// Takes the pictures of docs/, from a server of its own with made-up data: node --import ./scripts/typescript.mjs scripts/screenshots.ts
// `--cluster` takes those of /cluster only. CHROMIUM and HAPROXY name the programs where they are not `/usr/bin/chromium` and `haproxy`.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { freePort } from './ports.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const docs = join(root, 'docs')

const entries = `
Leite meio-gordo @Pingo Doce
2 kg Laranjas @Mercado do Bolhão
12 Sardinhas @Mercado do Bolhão
Salsa (1 molho) @Mercado do Bolhão
5 kg Batatas @Mercado do Bolhão
Couve portuguesa @Mercado do Bolhão
1,5 kg Maçãs reinetas @Mercado do Bolhão
6 Pastéis de nata @Padaria
2 Pão de Mafra @Padaria
Paracetamol (1 caixa) @Farmácia
2 Pasta de dentes @Farmácia
Pensos rápidos @Farmácia
3 Café moído @Pingo Doce
Azeite virgem extra @Pingo Doce
Papel de cozinha @Pingo Doce`.trim()
const ticked = ['Papel de cozinha', 'Pão de Mafra']

const pictures: [string, BrowserContextOptions][] = [
  ['desktop', { viewport: { width: 1100, height: 880 } }],
  ['phone', { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }]
]

async function untilReady(url: string, server: ChildProcess): Promise<void> {
  while (server.exitCode === null) {
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined)
    if (answer?.ok) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error('the server ended')
}

async function signUpAndFill(page: Page): Promise<void> {
  await page.goto('/signup')
  await page.fill('[name=name]', 'Ana Sousa')
  await page.fill('[name=email]', 'ana@exemplo.pt')
  await page.fill('[name=password]', 'uma frase curta')
  await page.click('main button')
  await page.fill('[name=entry]', entries)
  await page.click('#quick .send')
  for (const name of ticked) await page.getByRole('checkbox', { name }).check()
  // Rows stay where they are for a while after a tick.
  await page.locator('.basket .i', { hasText: ticked[0] }).waitFor()
}

const common = { locale: 'pt-PT', reducedMotion: 'reduce' } as const

/** The page for demonstrations, at work, while one of the two web servers is frozen for a moment. */
async function takeClusterPictures(browser: Browser, baseURL: string, frozen: ChildProcess): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    const viewport = { width: 1280, height: 800 }
    const window = await browser.newContext({ ...common, baseURL, colorScheme, viewport })
    const page = await window.newPage()
    await page.goto('/cluster')
    await page.locator('#write').click()
    await page.waitForTimeout(9_000)
    frozen.kill('SIGSTOP')
    await page.locator('#events .gone .result').waitFor()
    frozen.kill('SIGCONT')
    await page.locator('#events .back .result').waitFor()
    await page.waitForTimeout(4_000)
    await page.screenshot({ path: join(docs, `cluster-${colorScheme}.png`), fullPage: true })
    await window.close()
  }
}

async function takePictures(url: string, balancer: string, second: ChildProcess): Promise<void> {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking']
  })
  try {
    await takeClusterPictures(browser, balancer, second)
    if (process.argv.includes('--cluster')) return
    const context = await browser.newContext({ ...common, baseURL: url })
    await signUpAndFill(await context.newPage())
    const storageState = await context.storageState()
    for (const [name, options] of pictures) {
      for (const colorScheme of ['light', 'dark'] as const) {
        const window = await browser.newContext({ ...common, baseURL: url, ...options, colorScheme, storageState })
        const page = await window.newPage()
        await page.goto('/carrinho/')
        await page.screenshot({ path: join(docs, `list-${name}-${colorScheme}.png`) })
        await window.close()
      }
    }
  } finally {
    await browser.close()
  }
}

spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: 'inherit' })
mkdirSync(docs, { recursive: true })
const dataDir = mkdtempSync(join(tmpdir(), 'carrinho-pictures-'))

function startServer(name: string, port: number): ChildProcess {
  return spawn(process.execPath, [join(root, 'dist/cli.js'), 'serve'], {
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: dataDir,
      SERVER_NAME: name,
      DRAIN_MS: '0',
      LOG_LEVEL: 'error'
    },
    stdio: 'inherit'
  })
}

/** With the names of the lab's. */
function startBalancer(port: number, ports: number[]): ChildProcess {
  const file = join(dataDir, 'haproxy.cfg')
  writeFileSync(
    file,
    `defaults
  mode http
  timeout connect 300ms
  timeout client 30s
  timeout server 12s
  option redispatch 1
  retries 3
frontend web
  bind 127.0.0.1:${port}
  http-response set-header X-Balancer haproxy01
  http-response set-header X-Virtual-Address 172.30.1.200
  default_backend webservers
backend webservers
  balance roundrobin
  option httpchk GET /health/ready
  default-server check inter 250ms fall 2 rise 2
${ports.map((port, index) => `  server web0${index + 1} 127.0.0.1:${port}`).join('\n')}
`
  )
  return spawn(process.env.HAPROXY ?? 'haproxy', ['-db', '-q', '-f', file], { stdio: 'ignore' })
}

const [port, secondPort, balancerPort] = [await freePort(), await freePort(), await freePort()]
const server = startServer('web01', port)
const second = startServer('web02', secondPort)
const balancer = startBalancer(balancerPort, [port, secondPort])
const url = (port: number) => `http://127.0.0.1:${port}`
try {
  await untilReady(url(port), server)
  await untilReady(url(secondPort), second)
  await untilReady(url(balancerPort), balancer)
  await takePictures(url(port), url(balancerPort), second)
} finally {
  for (const child of [balancer, server, second]) {
    child.kill('SIGCONT')
    child.kill()
    if (child.exitCode === null) await new Promise(resolve => child.once('exit', resolve))
  }
  rmSync(dataDir, { recursive: true, force: true })
}
