print('src/evaluate.py')
