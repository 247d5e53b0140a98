/** One message as SQS delivers it. Anyone who may send to the queue can have written its body. */
export interface QueueMessage {
  body: string;
  /** Names this delivery when the message is deleted. */
  receipt: string;
}

/** The queue of EC2's events: the port at which tests and the simulator cut SQS. Every method rejects with an Ec2Failure. */
export interface EventQueue {
  /** At most 10 messages. It waits for the first one for 20 s at most; an abort ends the wait. */
  receive(signal: AbortSignal): Promise<QueueMessage[]>;
  /** Deletes at most 10 messages. One that is not deleted is delivered again; an abort ends the request. */
  remove(receipts: readonly string[], signal: AbortSignal): Promise<void>;
  close(): void;
}
