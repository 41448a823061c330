"""What pages say: labels of the model, times, numbers, conditions, reasons; in the reader's language."""
