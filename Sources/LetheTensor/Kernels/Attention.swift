/// Attention of one sequence's queries over its keys, all heads: softmax(q kᵀ + bias) v. T5 does not divide by √width.
package struct Attention: Sendable {
    // H heads of width W, Q queries, K keys. queries, context and their gradients (Q, H W); keys, values and theirs (K, H W);
    // probabilities, dropped (H Q, K): one block of Q rows per head, lying end to end.

    package let heads: Int
    package let isCausal: Bool

    package init(heads: Int, isCausal: Bool) {
        self.heads = heads
        self.isCausal = isCausal
    }

    /// The relative position bias of every head by distance: values (H, 2 L - 1), distance key - query = 0 at `origin` = L - 1.
    package struct Bias: Sendable {
        package let values: Matrix
        package let origin: Int

        package init(values: Matrix, origin: Int) {
            self.values = values
            self.origin = origin
        }
    }

    /// What the backward pass needs, and where its mask comes from.
    package struct Probabilities: Sendable {
        /// After the softmax.
        package let kept: Matrix
        /// After dropout; the same matrix without dropout.
        package let dropped: Matrix
        package let dropout: Dropout?
        /// The mask's index of the first element.
        package let first: Int

        package init(kept: Matrix, dropped: Matrix, dropout: Dropout?, first: Int) {
            self.kept = kept
            self.dropped = dropped
            self.dropout = dropout
            self.first = first
        }
    }

    package func forward(
        queries: Matrix, keys: Matrix, values: Matrix, bias: Bias?, probabilities: Probabilities, into context: Matrix
    ) {
        check(queries, keys, values, context, probabilities.kept)
        let width = queries.columns / heads
        for head in 0..<heads {
            let columns = head * width..<(head + 1) * width
            let rows = head * queries.rows..<(head + 1) * queries.rows
            let scores = probabilities.kept.rows(rows)
            MatrixProduct.multiply(queries.columns(columns), .plain, keys.columns(columns), .transposed, into: scores)
            Softmax.forward(
                scores, bias: bias?.values.rows(head..<head + 1), origin: bias?.origin ?? 0, causal: isCausal)
        }
        probabilities.dropout?.apply(probabilities.kept, into: probabilities.dropped, first: probabilities.first)
        for head in 0..<heads {
            let columns = head * width..<(head + 1) * width
            let rows = head * queries.rows..<(head + 1) * queries.rows
            MatrixProduct.multiply(
                probabilities.dropped.rows(rows), .plain, values.columns(columns), .plain,
                into: context.columns(columns))
        }
    }

    /// The gradients of queries, keys and values; `biasGradient` (shape of the bias) grows.
    ///
    /// Without keysGradient and valuesGradient only the queries' is computed. `scratch` has the shape of the probabilities.
    package func backward(
        queries: Matrix, keys: Matrix, values: Matrix, probabilities: Probabilities, contextGradient: Matrix,
        queriesGradient: Matrix, keysGradient: Matrix?, valuesGradient: Matrix?, biasGradient: Bias?, scratch: Matrix
    ) {
        check(queries, keys, values, contextGradient, probabilities.kept)
        check(queriesGradient, keysGradient ?? keys, valuesGradient ?? values, contextGradient, scratch)
        let width = queries.columns / heads
        for head in 0..<heads {
            let columns = head * width..<(head + 1) * width
            let rows = head * queries.rows..<(head + 1) * queries.rows
            let outer = contextGradient.columns(columns)
            MatrixProduct.multiply(outer, .plain, values.columns(columns), .transposed, into: scratch.rows(rows))
            if let valuesGradient {
                MatrixProduct.multiply(
                    probabilities.dropped.rows(rows), .transposed, outer, .plain, into: valuesGradient.columns(columns))
            }
        }
        probabilities.dropout?.apply(scratch, into: scratch, first: probabilities.first)
        for head in 0..<heads {
            let columns = head * width..<(head + 1) * width
            let rows = head * queries.rows..<(head + 1) * queries.rows
            let inner = scratch.rows(rows)
            Softmax.backward(
                probabilities: probabilities.kept.rows(rows), gradient: inner,
                biasGradient: biasGradient?.values.rows(head..<head + 1), origin: biasGradient?.origin ?? 0,
                causal: isCausal)
            MatrixProduct.multiply(inner, .plain, keys.columns(columns), .plain, into: queriesGradient.columns(columns))
            if let keysGradient {
                MatrixProduct.multiply(
                    inner, .transposed, queries.columns(columns), .plain, into: keysGradient.columns(columns))
            }
        }
    }

    private func check(_ queries: Matrix, _ keys: Matrix, _ values: Matrix, _ context: Matrix, _ probabilities: Matrix)
    {
        precondition(
            queries.columns % heads == 0 && keys.columns == queries.columns && values.columns == queries.columns
                && context.columns == queries.columns && context.rows == queries.rows && values.rows == keys.rows,
            "queries [\(queries.rows), \(queries.columns)], keys [\(keys.rows), \(keys.columns)], \(heads) heads")
        precondition(
            probabilities.isContiguous && probabilities.rows == heads * queries.rows
                && probabilities.columns == keys.rows,
            "probabilities [\(probabilities.rows), \(probabilities.columns)]")
    }

    /// What `forward` computes without dropout, plainly and in Double.
    package func reference(queries: Matrix, keys: Matrix, values: Matrix, bias: Bias?, into context: Matrix) {
        let width = queries.columns / heads
        for head in 0..<heads {
            let columns = head * width..<(head + 1) * width
            let scores = Matrix(rows: queries.rows, columns: keys.rows)
            MatrixProduct.reference(
                queries.columns(columns), .plain, keys.columns(columns), .transposed, into: scores, scale: 1,
                accumulate: false)
            Softmax.reference(
                scores, bias: bias?.values.rows(head..<head + 1), origin: bias?.origin ?? 0, causal: isCausal)
            MatrixProduct.reference(
                scores, .plain, values.columns(columns), .plain, into: context.columns(columns), scale: 1,
                accumulate: false)
        }
    }
}
