export interface ReasonTraits {
  /**
   * `normal`: as it should be, or on its way there; its event is Normal. `inLine`: waits for others of its class, which
   * reports it; no event. `held`: something is in the way, and the operator goes on once it is gone. `needsPerson`:
   * stays until a person acts, so the Workspace is Stalled.
   */
  standing: 'normal' | 'inLine' | 'held' | 'needsPerson';
  /** For docs/troubleshooting.md: what it means, and what a person does. */
  means: string;
  todo: string;
}

export interface ReadyTraits extends ReasonTraits {
  /** Whether a Workspace without a launch, whose Ready says so, would launch once its class has room. */
  wouldLaunch: boolean;
  /** The availability that pollers get for a Workspace that is down for it: whether it comes back without a person. */
  whileDown: 'Restarting' | 'Dead';
  /** Whether its owner alone can bring such a one back: others of its class don't wait for it. */
  ownersMatter?: true;
}

export interface ClassWideTraits extends ReadyTraits {
  /** Advice for a class whose launches are refused for it; follows "can’t be launched:". */
  classAdvice: string;
}
