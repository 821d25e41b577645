/** An enum and parameter properties need more than having their types taken away. */
export enum Currency {
  Euro = 'EUR',
  Yen = 'JPY',
}

export class Basket<T extends { readonly cents: number }> {
  private readonly items: T[] = [];

  constructor(private readonly currency: Currency) {}

  add(item: T): this {
    this.items.push(item);
    return this;
  }

  total(): string {
    const cents = this.items.reduce((sum, item) => sum + item.cents, 0);
    return `${(cents / 100).toFixed(2)} ${this.currency}`;
  }
}
