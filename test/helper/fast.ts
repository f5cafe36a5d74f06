/** `npm test -- --fast`: what it leaves out, by which rules, is in docs/tests.md. */
export const isFast = Boolean(process.env.CARRINHO_TEST_FAST)

/** Options of a test that --fast leaves out. */
const notFast = (reason: string) => ({ skip: isFast && `not with --fast: ${reason}` })

/** Of one that starts a process for itself alone: a server with other settings, a second one, a command. */
export const ownProcess = notFast('it starts a process of its own')

/** Of one that fills a database with more than a family has. */
export const manyRows = notFast('it writes many rows')

/** How many cases of a kind are tried, made up at random: with --fast a tenth, as every run that is not tries them all. */
export const cases = (count: number): number => (isFast ? Math.ceil(count / 10) : count)
