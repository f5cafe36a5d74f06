/**
 * How many cases of a kind are tried, made up at random: with --fast a quarter of them, as the others are tried by every
 * run that is not.
 */
export const cases = (count: number): number => (process.env.CARRINHO_TEST_FAST ? Math.ceil(count / 4) : count)
