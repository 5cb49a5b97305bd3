print('src/train.py')
