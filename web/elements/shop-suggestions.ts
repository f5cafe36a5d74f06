/** Around a `<datalist>`: the shops that are on the list. */
class ShopSuggestions extends HTMLElement {
  connectedCallback(): void {
    this.suggest()
    document.addEventListener('items-changed', this.suggest)
  }

  disconnectedCallback(): void {
    document.removeEventListener('items-changed', this.suggest)
  }

  private readonly suggest = (): void => {
    const shops = Array.from(
      document.querySelectorAll<HTMLElement>('item-list section'),
      ({ dataset }) => dataset.shop
    ).filter(Boolean)
    const options = shops.map(shop => Object.assign(document.createElement('option'), { value: shop }))
    this.querySelector('datalist')?.replaceChildren(...options)
  }
}

customElements.define('shop-suggestions', ShopSuggestions)
