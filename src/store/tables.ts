import { type AnyTable, type Column, number, optional, pick, table, text, word } from './sql.ts'

/**
 * Every table of the application, for all three databases; migrations/ makes them. The lab guide's tables and columns keep
 * their Portuguese names here and nowhere else. Moments are milliseconds since 1970.
 */

/** The guide's `clientes`. */
export const accounts = table('clientes', {
  id: number('id_cliente'),
  name: text('nome'),
  email: text('email'),
  /** A hash. The guide's own INSERTs leave plaintexts here, with which nobody can log in. */
  password: text('password'),
  /** What the account is found by at login; null for rows that `migrate` has not seen, or whose e-mail an older row has. */
  emailKey: optional(text('email_key'))
})

/** What an item is, apart from where it stands, and but for its quantity. */
const content = {
  /** The name that a program gave it; null: its number is its name. */
  uid: optional(text('uid')),
  type: text('tipo'),
  unit: text('unit'),
  shop: text('local'),
  note: text('note'),
  /** When it was ticked off; null: it is still to buy. */
  doneAt: optional(number('done_at')),
  /** The hashes of its pictures, with a space between; null: it has none. */
  pictures: optional(text('pictures'))
}

/** The guide's `compras`. */
export const items = table('compras', {
  id: number('id_compras'),
  /** Whose list the item is on. */
  accountId: optional(number('id_cliente')),
  /** Which of the account's lists; 0, as in rows of the guide's application, is the first one. */
  listId: number('list_id'),
  /** The number of the list's change that last touched it; 0 for what no change has. */
  version: number('version'),
  ...content,
  /** The guide's whole number: the quantity, rounded up. */
  quantity: number('quantidade'),
  /** The quantity in thousandths; null in rows of the guide's application. @see quantityIn */
  thousandths: optional(number('thousandths'))
})

/** What changes carry, and lists show, of an item, beside its quantity. */
export const itemContent = pick(items.columns, Object.keys(content) as (keyof typeof content)[])

export const lists = table('lists', {
  id: number('id'),
  ownerId: number('owner_id'),
  /** The account whose first list this is, which needs no id to be found; null for any other list. */
  firstOf: optional(number('first_of')),
  name: text('name'),
  /** The number of the list's latest change. */
  version: number('version'),
  createdAt: number('created_at'),
  /** Out of sight, with all that is on it. */
  putAwayAt: optional(number('put_away_at')),
  /** What was on it is in the change that removed it. */
  removedAt: optional(number('removed_at')),
  /** 1: it is there to fill other lists. */
  isTemplate: number('is_template')
})

export type ChangeKind =
  | 'add'
  | 'remove'
  | 'tick'
  | 'adjust'
  | 'edit'
  | 'clear'
  | 'move'
  | 'copy'
  | 'undo'
  | 'make'
  | 'rename'
  | 'template'
  | 'away'
  | 'back'
  | 'drop'
  | 'restore'
  | 'picture'

/** What happened to each list, one row a change, numbered without gaps. */
export const changes = table('changes', {
  listId: number('list_id'),
  version: number('version'),
  /** Who made it. With the key unique: an account's key stands for one change. */
  accountId: number('account_id'),
  key: text('change_key'),
  /** A hash of what was asked for, to tell a repetition from another use of the key. */
  digest: text('digest'),
  kind: word<ChangeKind>('kind'),
  /** The item that it was about, where it is about one. */
  itemId: optional(number('item_id')),
  /** What it did, as JSON; null when nothing was there to do it to. @see Detail */
  detail: optional(text('detail')),
  /** The number of the change that took it back. */
  undoneBy: optional(number('undone_by')),
  at: number('at')
})

/** What each account bought, by its name folded: what is suggested to it. */
export const remembered = table('remembered', {
  accountId: number('account_id'),
  folded: text('folded'),
  /** As it was last written. */
  name: text('name'),
  shop: text('shop'),
  unit: text('unit'),
  thousandths: number('thousandths'),
  /** How often and how lately. @see scoreOf */
  score: number('score'),
  boughtAt: number('bought_at')
})

/** In which order each account goes through a shop, by its name folded. The row without a shop orders the shops. */
export const shopOrders = table('shop_orders', {
  accountId: number('account_id'),
  shop: text('shop'),
  /** As it was last written. */
  name: text('name'),
  /** The shop and names in its order, as JSON: whoever reads it needs no other column. */
  ordered: text('ordered'),
  /** 1: a person set it, so that it takes more to move it. */
  byHand: number('by_hand'),
  /** The latest trips since, as JSON. @see Trip */
  trips: text('trips'),
  /** Of the row without a shop: 0: orders are not learned. */
  learns: number('learns'),
  /** How often it was written: whoever read it writes only over what was read. */
  version: number('version')
})

/** The pictures of each account: what its items name, and what they named lately. */
export const pictures = table('pictures', {
  /** Whose lists they are on. */
  accountId: number('account_id'),
  /** Of its file, in hexadecimal, which is the file's name. */
  hash: text('hash'),
  /** The same of a small one. */
  smallHash: text('small_hash'),
  /** Of both files. */
  bytes: number('bytes'),
  width: number('width'),
  height: number('height'),
  addedAt: number('added_at'),
  /** Since when no item was found to name it. */
  unnamedSince: optional(number('unnamed_since'))
})

export const sessions = table('sessions', {
  /** A hash: whoever reads the table cannot sign in with it. */
  idHash: text('id_hash'),
  accountId: number('customer_id'),
  createdAt: number('created_at'),
  lastSeenAt: number('last_seen_at'),
  /** The earlier of its idle and its absolute end, as of the last time it was seen. */
  expiresAt: number('expires_at'),
  /** The web server that made it. */
  madeOn: text('made_on'),
  userAgent: text('user_agent'),
  address: text('address')
})

/** One row a failed login and subject: rows are only added, so that servers never collide on a counter. */
export const loginFailures = table('login_failures', {
  id: text('id'),
  /** Digest of an account's e-mail or of an address. */
  subject: text('subject'),
  failedAt: number('failed_at')
})

/** Which web servers serve on this database. */
export const servers = table('servers', {
  /** Of one process: two servers may have one name. */
  id: text('id'),
  name: text('name'),
  /** Where the others reach it, as in 172.30.1.180:5000; empty while it does not know. */
  address: text('address'),
  release: text('release_version'),
  /** By that server's own clock. */
  seenAt: number('seen_at')
})

/** Which web servers keep files, each in a folder that has to be the same for all: each finds the marks of the others in it. */
export const fileFolders = table('file_folders', {
  /** Of one process, and the name of its mark. */
  id: text('id'),
  name: text('name'),
  /** The servers whose marks it does not find, with a comma between. */
  unseen: text('unseen'),
  /** By that server's own clock. */
  seenAt: number('seen_at')
})

/** With which programs act for an account. */
export const tokens = table('tokens', {
  id: text('id'),
  accountId: number('account_id'),
  /** Whoever reads the table has no token. */
  hash: text('token_hash'),
  /** What its owner calls it. */
  name: text('name'),
  scope: word<'read' | 'write'>('scope'),
  createdAt: number('created_at'),
  /** Null for one that does not end by itself. */
  expiresAt: optional(number('expires_at')),
  revokedAt: optional(number('revoked_at')),
  /** Written at most once an hour. */
  lastUsedAt: optional(number('last_used_at')),
  /** Until then it is known why it no longer counts. */
  forgetAt: number('forget_at')
})

export const migrations = table('schema_migrations', {
  version: number('version'),
  name: text('name'),
  appliedAt: number('applied_at'),
  /** The oldest release that can serve after it; null: none that does not know it. */
  serves: optional(text('serves'))
})

/** What this application makes beside the guide's tables. */
export const ownTables: readonly AnyTable[] = [
  lists,
  changes,
  remembered,
  shopOrders,
  pictures,
  sessions,
  loginFailures,
  servers,
  fileFolders,
  tokens,
  migrations
]

/** Rows that are somebody's: which table, whose they are, and what tells them apart. An index begins with these two columns. */
export interface Belonging {
  /** What they are called in the copy that people take of their data. */
  name: string
  table: AnyTable
  of: Column<number> | Column<number | null>
  key: Column<number> | Column<string>
  /** Members of the table that nobody is shown: what opens something, and what is only of use in here. */
  hidden: readonly string[]
  /** They let somebody in. */
  opens?: true
}

/** What each account has. Whoever adds a table says here what of it goes into a copy of somebody's data, and with the account. */
export const ofAccount: readonly Belonging[] = [
  { name: 'lists', table: lists, of: lists.ownerId, key: lists.id, hidden: ['ownerId'] },
  { name: 'items', table: items, of: items.accountId, key: items.id, hidden: ['accountId'] },
  {
    name: 'remembered',
    table: remembered,
    of: remembered.accountId,
    key: remembered.folded,
    hidden: ['accountId', 'folded', 'score']
  },
  {
    name: 'shopOrders',
    table: shopOrders,
    of: shopOrders.accountId,
    key: shopOrders.shop,
    hidden: ['accountId', 'shop', 'version']
  },
  { name: 'pictures', table: pictures, of: pictures.accountId, key: pictures.hash, hidden: ['accountId'] },
  {
    name: 'sessions',
    table: sessions,
    of: sessions.accountId,
    key: sessions.idHash,
    hidden: ['accountId', 'idHash'],
    opens: true
  },
  {
    name: 'tokens',
    table: tokens,
    of: tokens.accountId,
    key: tokens.id,
    hidden: ['accountId', 'hash', 'forgetAt'],
    opens: true
  }
]

/** What each list has. */
export const ofList: readonly Belonging[] = [
  { name: 'changes', table: changes, of: changes.listId, key: changes.version, hidden: ['accountId', 'key', 'digest'] }
]

/** Rows that an account left on lists that are not its own. */
export const traces: readonly Belonging[] = [
  { name: 'changes', table: changes, of: changes.accountId, key: changes.key, hidden: [] }
]

/** What is of no more use after a while, and the column that says when. */
const prunable = {
  sessions: { table: sessions, column: sessions.expiresAt },
  changes: { table: changes, column: changes.at },
  /** Those that are on the way out. */
  lists: { table: lists, column: lists.removedAt },
  loginFailures: { table: loginFailures, column: loginFailures.failedAt },
  servers: { table: servers, column: servers.seenAt },
  fileFolders: { table: fileFolders, column: fileFolders.seenAt },
  tokens: { table: tokens, column: tokens.forgetAt }
} satisfies Record<string, { table: AnyTable; column: Column<number | null> }>

export type Prunable = keyof typeof prunable

export const mapPrunable = <R>(
  make: (pruned: { table: AnyTable; column: Column<number | null> }) => R
): Record<Prunable, R> => ({
  sessions: make(prunable.sessions),
  changes: make(prunable.changes),
  lists: make(prunable.lists),
  loginFailures: make(prunable.loginFailures),
  servers: make(prunable.servers),
  fileFolders: make(prunable.fileFolders),
  tokens: make(prunable.tokens)
})
